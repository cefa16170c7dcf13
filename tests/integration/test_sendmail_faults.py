"""Faults under a load of bounces on a real Sendmail (faults.py says which)."""

import unittest

import faults


def tearDownModule():
    faults.print_table()


class Daemons(faults.Daemons, faults.SendmailFlood):
    pass


class DeadDNS(faults.DeadDNS, faults.SendmailFlood):
    pass


class Shortages(faults.Shortages, faults.SendmailFlood):
    pass


class Workers(faults.Workers, faults.SendmailFlood):
    pass


if __name__ == "__main__":
    unittest.main()
