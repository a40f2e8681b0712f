"""Runs the whole program on one machine: broker, simulator, web, workers and beat. Imports no Django: it starts fast."""
