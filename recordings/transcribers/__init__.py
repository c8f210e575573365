"""Engines that turn audio into words, behind one port."""
