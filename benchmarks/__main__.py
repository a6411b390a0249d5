"""`python -m benchmarks`: run every benchmark in turn."""

from benchmarks import matching, whole_way

if __name__ == "__main__":
    matching.main()
    whole_way.main()
