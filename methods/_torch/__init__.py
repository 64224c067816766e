"""What every engine on torch needs: files of tensors, seeds, an end that can be continued."""
