# A client of paho-mqtt that does what the lines of its input say, and tells in lines of JSON what comes
# of it: paho_client.py PORT VERSION USERNAME PASSWORD CLIENT_ID
import json
import os
import sys
import warnings

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

warnings.simplefilter("ignore")
port, version, username, password, client_id = sys.argv[1:]
protocol = paho.MQTTv5 if version == "5" else paho.MQTTv311
# Version 2 of the library asks which form its callbacks have.
form = [paho.CallbackAPIVersion.VERSION1] if hasattr(paho, "CallbackAPIVersion") else []
options = {} if version == "5" else {"clean_session": False}
client = paho.Client(*form, client_id=client_id, protocol=protocol, **options)
client.username_pw_set(username, password)


def tell(**what):
    print(json.dumps(what), flush=True)


def codes(granted):
    return [code.value if version == "5" else code for code in granted]


def code(reason):
    return reason if isinstance(reason, int) else reason.value


def on_message(client, data, message):
    properties = getattr(message, "properties", None)
    user = getattr(properties, "UserProperty", [])
    text = message.payload.decode()
    tell(topic=message.topic, text=text, qos=message.qos, retain=bool(message.retain), user=user)


client.on_connect = lambda c, d, flags, reason, *more: tell(
    connected=code(reason), present=flags["session present"]
)
client.on_disconnect = lambda c, d, reason, *more: tell(disconnected=code(reason))
client.on_subscribe = lambda c, d, mid, granted, *more: tell(granted=codes(granted))
client.on_publish = lambda c, d, mid: tell(published=True)
client.on_message = on_message

for line in sys.stdin:
    step = json.loads(line)
    if step["do"] == "connect":
        if step.get("will"):
            client.will_set(step["will"], "gone", 1)
        more = {}
        if version == "5":
            more["properties"] = Properties(PacketTypes.CONNECT)
            more["properties"].SessionExpiryInterval = 300
            more["clean_start"] = False
        client.connect("127.0.0.1", int(port), **more)
        client.loop_start()
    elif step["do"] == "subscribe":
        client.subscribe(step["topic"], step["qos"])
    elif step["do"] == "publish":
        more = {}
        if version == "5":
            more["properties"] = Properties(PacketTypes.PUBLISH)
            more["properties"].UserProperty = ("unit", "rpm")
        client.publish(step["topic"], step["text"], step["qos"], **more)
    elif step["do"] == "disconnect":
        client.disconnect()
    elif step["do"] == "die":
        os._exit(0)
