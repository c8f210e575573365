"""Handwritten stand-ins for what the tests cannot or should not have for real."""
