# The worker in workerd. No compatibility flag: nothing of Node is needed.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "site", worker = .site)],
  sockets = [(name = "http", address = "127.0.0.1:8000", http = (), service = "site")],
);

const site :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "dist/worker.js")],
  compatibilityDate = "2026-01-01",
  bindings = [
    (name = "PEPPER", fromEnvironment = "PEPPER"),
    (name = "HUB_PASSWORD", fromEnvironment = "HUB_PASSWORD"),
    (name = "BROKER_SECRET", fromEnvironment = "BROKER_SECRET"),
  ],
);
