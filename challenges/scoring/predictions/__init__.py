"""Read and check prediction files, one code per fault."""
