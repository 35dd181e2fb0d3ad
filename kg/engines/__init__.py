"""The engines that can hold a projection."""
