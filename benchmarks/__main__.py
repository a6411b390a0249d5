"""`python -m benchmarks`: run every benchmark in turn."""

from benchmarks import delivery, whole_way

if __name__ == "__main__":
    whole_way.main()
    delivery.main()
