"""What the user wishes, one class a panel: state, layers and jobs brought together."""
