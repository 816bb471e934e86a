"""Engines that find and order the published resources."""
