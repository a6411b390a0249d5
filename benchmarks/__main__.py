"""`python -m benchmarks`: run every benchmark in turn."""

from benchmarks import delivery, match_command, matching, preview, settings_page, whole_way

if __name__ == "__main__":
    matching.main()
    match_command.main()
    whole_way.main()
    delivery.main()
    preview.main()
    settings_page.main()
