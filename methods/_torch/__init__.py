"""What every engine on torch needs: files of tensors, seeds, training that can be stopped and continued."""
