"""Processes, kernels, folders and PostgreSQL: what a notebook starts, and what ends with it."""

from helpers.spawn.folder import TemporaryFolder
from helpers.spawn.kernel import Kernel
from helpers.spawn.postgres import PostgresServer
from helpers.spawn.process import Process

__all__ = ["Kernel", "PostgresServer", "Process", "TemporaryFolder"]
