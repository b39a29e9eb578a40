# Receives and parses as many messages as it is told, and prints the milliseconds from the first to the
# last: paho-mqtt doing what the other clients of the bench do.
import json
import sys
import time

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, count, client_id, topic_filter = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
prepare = len(sys.argv) > 5
arguments = {"client_id": client_id, "protocol": paho.MQTTv5}
if hasattr(paho, "CallbackAPIVersion"):
    arguments["callback_api_version"] = paho.CallbackAPIVersion.VERSION1
client = paho.Client(**arguments)
state = {"counted": 0, "start": 0.0}


def on_message(_client, _userdata, message):
    if json.loads(message.payload)["sequence"] > 0:
        state["counted"] += 1
    if state["counted"] == 1:
        state["start"] = time.perf_counter()
    if state["counted"] == count:
        print(json.dumps({"total": (time.perf_counter() - state["start"]) * 1000}))
        client.disconnect()


client.on_message = on_message
if prepare:
    client.on_connect = lambda c, *_: c.subscribe(topic_filter, qos=1)
    client.on_subscribe = lambda c, *_: c.disconnect()
properties = Properties(PacketTypes.CONNECT)
properties.SessionExpiryInterval = 3600
client.connect("127.0.0.1", port, clean_start=False, properties=properties)
client.loop_forever()
