"""Is it correct? The verdict of `runner`, which has to be on the PATH: exit code 0 is `valid`."""

import subprocess
import unittest


class Verdict(unittest.TestCase):
    def test_it_is_valid_on_an_embedded_database_with_rivals(self):
        runner("--strategy . {contention} --require valid")

    def test_it_is_valid_on_a_simulated_cluster_with_faults(self):
        runner("check . --time 5s")


def runner(options):
    subprocess.run(["runner", *options.split(" ")], check=True)
