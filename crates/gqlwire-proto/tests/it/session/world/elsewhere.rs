//! How the server speaks the protocols that are not AppSync's.

use gqlwire_proto::connection::Protocol;
use gqlwire_proto::session::ConnectionId;
use serde_json::Value;

use super::{Pending, World};

impl World {
    pub(crate) fn event(&self, id: &str, data: &str) -> String {
        match self.server.protocol {
            Protocol::TransportWs => format!(r#"{{"id":"{id}","type":"next","payload":{{"data":"{data}"}}}}"#),
            Protocol::LegacyWs => format!(r#"{{"type":"data","id":"{id}","payload":{{"data":"{data}"}}}}"#),
            Protocol::Phoenix => format!(
                r#"[null,null,"doc:{id}","subscription:data",{{"result":{{"data":"{data}"}},"subscriptionId":"doc:{id}"}}]"#
            ),
            _ => format!(r#"{{"id":"{id}","type":"data","payload":{{"data":"{data}"}}}}"#),
        }
    }

    pub(super) fn hear_elsewhere(&mut self, connection: ConnectionId, text: &str) {
        let message: Value = serde_json::from_str(text).unwrap();
        let phoenix = self.server.protocol == Protocol::Phoenix;
        let (kind, id, payload) = match phoenix {
            true => (&message[3], &message[1], &message[4]),
            false => (&message["type"], &message["id"], &message["payload"]),
        };
        let (kind, id) = (kind.as_str().unwrap(), id.as_str().unwrap_or_default());
        let reply = |status: &str, response: &str| {
            format!(
                r#"["1","{id}",{},"phx_reply",{{"status":"{status}","response":{response}}}]"#,
                message[2]
            )
        };
        match kind {
            "connection_init" | "phx_join" => {
                if payload["generation"].as_u64().unwrap() < self.server.accepts {
                    return match phoenix {
                        true => self.say(connection, reply("error", r#"{"reason":"unauthorized"}"#)),
                        false => self.server_closes(connection, self.server.refusal_code),
                    };
                }
                if self.server.acknowledges {
                    let ack = match phoenix {
                        true => reply("ok", "{}"),
                        false => r#"{"type":"connection_ack","payload":{"hello":1}}"#.to_owned(),
                    };
                    self.say(connection, ack);
                    self.queue_at(self.now, Pending::KeepAlive(connection));
                }
            }
            "subscribe" | "start" | "doc" => {
                let query = payload["query"].as_str().unwrap().to_owned();
                let peer = self.peers.get_mut(&connection).unwrap();
                assert!(peer.started.insert(id.to_owned()), "an id is used twice");
                let refusal = self.server.refuses.iter().find(|(key, _)| query.contains(**key));
                if let Some((_, what)) = refusal {
                    let frame = match self.server.protocol {
                        Protocol::Phoenix => reply("error", &format!(r#"{{"errors":[{what}]}}"#)),
                        Protocol::LegacyWs => format!(r#"{{"type":"error","id":"{id}","payload":{what}}}"#),
                        _ => format!(r#"{{"id":"{id}","type":"error","payload":[{what}]}}"#),
                    };
                    return self.say(connection, frame);
                }
                if !query.starts_with("subscription") {
                    self.server.executed.push(query);
                    if !self.server.answers {
                        return;
                    }
                    return match phoenix {
                        true => self.say(connection, reply("ok", r#"{"data":"done"}"#)),
                        false => {
                            let result = self.event(id, "done");
                            self.say(connection, result);
                            self.say(connection, format!(r#"{{"id":"{id}","type":"complete"}}"#));
                        }
                    };
                }
                peer.subscriptions.insert(id.to_owned(), query);
                if phoenix && self.server.acknowledges_starts {
                    self.say(connection, reply("ok", &format!(r#"{{"subscriptionId":"doc:{id}"}}"#)));
                }
            }
            "complete" | "stop" => {
                self.peers.get_mut(&connection).unwrap().subscriptions.remove(id);
            }
            "unsubscribe" => {
                let name = payload["subscriptionId"].as_str().unwrap();
                let peer = self.peers.get_mut(&connection).unwrap();
                peer.subscriptions.remove(name.trim_start_matches("doc:"));
                self.say(connection, reply("ok", "{}"));
            }
            "ping" => self.say(connection, r#"{"type":"pong"}"#.to_owned()),
            "heartbeat" => self.say(connection, reply("ok", "{}")),
            "pong" | "connection_terminate" | "phx_leave" => {}
            other => panic!("{other} is not known"),
        }
    }
}
