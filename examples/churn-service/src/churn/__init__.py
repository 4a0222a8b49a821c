"""Predicts which customers will cancel within a month."""
