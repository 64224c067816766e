"""RTVP, the paper as a folder: one file per box of its figure 3.

sam_encoder -> multi_scale_sampling -> patch_masking -> mask_decoder -> uncertainty_scorer -> sparse_sampling
-> fusion -> interaction; domain_adaptation and feature_activation hold the two losses, visual_prompt strings the
boxes together, model is the detector. Only model imports ultralytics; config needs no torch.
"""
