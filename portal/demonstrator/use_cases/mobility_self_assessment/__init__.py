"""UC1: where somebody who thinks of changing jobs stands, and where they could go."""
