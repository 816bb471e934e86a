"""The sides that bench.scoring runs, one fresh process for each sample."""
