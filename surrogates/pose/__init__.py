"""Networks that find body parts in images: their training, prediction and evaluation."""
