"""What `yolozu gc` decides: which runs go, what of them, and why the others stay."""
