-- A file of SQLite as kefu made it before tables were brought up to date in steps.
CREATE TABLE conversation (
	id VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	language VARCHAR,
	state JSON,
	handed_over_at DATETIME,
	hand_over_reason VARCHAR,
	PRIMARY KEY (id)
);
CREATE INDEX ix_conversation_handed_over_at ON conversation (handed_over_at);
CREATE TABLE message (
	id VARCHAR NOT NULL,
	conversation_id VARCHAR NOT NULL,
	position INTEGER NOT NULL,
	sender VARCHAR(9) NOT NULL,
	created_at DATETIME NOT NULL,
	text VARCHAR NOT NULL,
	language VARCHAR,
	image VARCHAR,
	audio VARCHAR,
	client_key VARCHAR,
	answers VARCHAR,
	understanding JSON,
	reply JSON,
	thumb VARCHAR(4),
	PRIMARY KEY (id),
	UNIQUE (conversation_id, position),
	UNIQUE (conversation_id, client_key),
	FOREIGN KEY(conversation_id) REFERENCES conversation (id),
	UNIQUE (answers),
	FOREIGN KEY(answers) REFERENCES message (id)
);
CREATE INDEX ix_message_conversation_id ON message (conversation_id);
INSERT INTO conversation VALUES
	('handed-over', '2026-03-01 08:00:00.000000', 'zh', '{"language": "zh", "handed_over": "asked"}', '2026-03-01 08:02:05.250000', 'asked'),
	('helped', '2026-03-02 09:00:00.000000', NULL, '{"language": "en", "turns": []}', NULL, NULL),
	('silent', '2026-03-03 10:00:00.000000', 'en', 'null', NULL, NULL);
INSERT INTO message VALUES
	('m1', 'handed-over', 0, 'CUSTOMER', '2026-03-01 08:02:00.000000', '我要找人工客服', 'zh', NULL, NULL, 'k1', NULL, '{"language": "zh", "text": "我要找人工客服", "acts": ["person"]}', 'null', NULL),
	('m2', 'handed-over', 1, 'ASSISTANT', '2026-03-01 08:02:05.250000', '好的，我为您转接。', 'zh', NULL, NULL, NULL, 'm1', 'null', '{"language": "zh", "sentences": [{"text": "好的，我为您转接。", "citations": []}], "hand_over": "asked"}', NULL),
	('m3', 'helped', 0, 'CUSTOMER', '2026-03-02 09:00:10.000000', 'how do I return it', NULL, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', NULL, 'k1', NULL, '{"language": "en", "text": "how do I return it", "acts": []}', 'null', NULL),
	('m4', 'helped', 1, 'ASSISTANT', '2026-03-02 09:00:11.500000', 'Within 30 days.', 'en', NULL, NULL, NULL, 'm3', 'null', '{"language": "en", "sentences": [{"text": "Within 30 days.", "citations": ["returns/how"]}], "hand_over": null}', 'UP');
