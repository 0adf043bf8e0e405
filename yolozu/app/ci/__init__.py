"""What a build, or a scenario suite, tells continuous integration: test cases, and a summary for a pull request."""
