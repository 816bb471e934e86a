"""Tests of the code that teams send."""
