"""Recipes: training corpora of the models that ship, made from free corpora as they are published."""
