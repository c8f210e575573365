"""What the commands of `kakeru` do; `ari_app.cli` gives them their names and options."""
