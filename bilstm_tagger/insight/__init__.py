"""The LSTM made visible: gates, directions, and what is said of them measured."""
