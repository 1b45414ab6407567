"""A residents' council that deliberates in the open: one core, five elements, one public record."""
