"""How files of weights are marked in INFO.weights: light."""

START = "where a fit starts"
"""`part` of a file that is no detector of the method, but the weights that its fits start from"""
