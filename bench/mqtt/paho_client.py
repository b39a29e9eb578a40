# paho-mqtt doing what the other clients of the bench do, and printing the milliseconds it took:
# `receive` parses as many messages as it is told, counted from the first to the last, `publish`
# publishes as many and waits for all, and `prepare` makes the session that `receive` drains.
import json
import sys
import time

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

role, port, qos, count, client_id, topic_filter, topic, payload = sys.argv[1:]
port, qos, count = int(port), int(qos), int(count)
arguments = {"client_id": "" if role == "publish" else client_id, "protocol": paho.MQTTv5}
if hasattr(paho, "CallbackAPIVersion"):
    arguments["callback_api_version"] = paho.CallbackAPIVersion.VERSION1
client = paho.Client(**arguments)
state = {"counted": 0, "start": 0.0}


def tell():
    print(json.dumps({"total": (time.perf_counter() - state["start"]) * 1000}))


def on_message(_client, _userdata, message):
    if json.loads(message.payload)["sequence"] > 0:
        state["counted"] += 1
    if state["counted"] == 1:
        state["start"] = time.perf_counter()
    if state["counted"] == count:
        tell()
        client.disconnect()


if role == "publish":
    client.connect("127.0.0.1", port)
    client.loop_start()
    while not client.is_connected():
        time.sleep(0.001)
    state["start"] = time.perf_counter()
    for message in [client.publish(topic, payload, qos) for _ in range(count)]:
        message.wait_for_publish()
    tell()
    client.disconnect()
    client.loop_stop()
else:
    client.on_message = on_message
    if role == "prepare":
        client.on_connect = lambda c, *_: c.subscribe(topic_filter, qos=1)
        client.on_subscribe = lambda c, *_: c.disconnect()
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    client.connect("127.0.0.1", port, clean_start=False, properties=properties)
    client.loop_forever()
    if role == "prepare":
        tell()
