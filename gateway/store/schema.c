#include "store/schema.h"

#include <stdio.h>

#include "store/sql.h"

enum { APPLICATION_ID = 0x454e4350 }; /* "ENCP" */

/* Moments are UTC seconds, dates are text yyyy-mm-dd, so that they read in any tool.
 * A door is (namespace, urn): 'school' and 'centre' are GIAS, 'la' is the desk of an authority by
 * its code, 'force' that of a force by its id. */
static const char step_1[] =
    /* Registers: what authorities send us. Rows end, they are not deleted, for decisions point at
     * them. */
    "CREATE TABLE establishment ("
    " namespace TEXT NOT NULL CHECK (namespace IN ('school','centre')),"
    " urn TEXT NOT NULL,"
    " la_code TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " type_code INTEGER NOT NULL, type_name TEXT NOT NULL,"
    " status_code INTEGER NOT NULL," /* 1 open, 2 closed, 3 open but closing, 4 proposed */
    " phase_code INTEGER, low_age INTEGER, high_age INTEGER,"
    " street TEXT, locality TEXT, town TEXT, postcode TEXT,"
    " outward TEXT," /* the postcode's first half, folded: which authority an area belongs to */
    " opened TEXT, closed TEXT, website TEXT, telephone TEXT,"
    " PRIMARY KEY (namespace, urn)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX establishment_area ON establishment(outward, la_code);"
    "CREATE INDEX establishment_la ON establishment(la_code);"
    "CREATE TABLE authority (la_code TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE establishment_link ("
    " namespace TEXT NOT NULL, urn TEXT NOT NULL, link_urn TEXT NOT NULL, type TEXT NOT NULL,"
    " name TEXT, established TEXT,"
    " PRIMARY KEY (namespace, urn, link_urn, type)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE pupil ("
    " pupil_key INTEGER PRIMARY KEY,"
    " la_code TEXT NOT NULL, pupil_id TEXT NOT NULL, upn TEXT,"
    " forename TEXT, middle_names TEXT, surname TEXT, preferred_forename TEXT,"
    " former_surname TEXT, gender TEXT, dob TEXT,"
    " house TEXT, street TEXT, town TEXT, postcode TEXT, nc_year TEXT,"
    " keys_version INTEGER NOT NULL DEFAULT 0," /* match/keys.h, when its keys were made */
    " seen_import INTEGER NOT NULL,"            /* the import that last added or changed it */
    " UNIQUE (la_code, pupil_id)) STRICT;"
    "CREATE TABLE pupil_block (" /* blocking keys, made by match/keys */
    " key INTEGER NOT NULL, pupil_key INTEGER NOT NULL REFERENCES pupil,"
    " PRIMARY KEY (key, pupil_key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX pupil_block_pupil ON pupil_block(pupil_key);"
    "CREATE TABLE enrolment ("
    " enrolment_id INTEGER PRIMARY KEY,"
    " pupil_key INTEGER NOT NULL REFERENCES pupil,"
    " namespace TEXT NOT NULL, urn TEXT NOT NULL, school TEXT,"
    " enrolment TEXT NOT NULL DEFAULT 'main', from_day TEXT, to_day TEXT, days TEXT,"
    " ended_at INTEGER," /* absent from a complete roll since */
    " seen_import INTEGER NOT NULL,"
    " UNIQUE (pupil_key, namespace, urn)) STRICT;"
    "CREATE TABLE contact ("
    " contact_id INTEGER PRIMARY KEY,"
    " namespace TEXT NOT NULL CHECK (namespace IN ('school','centre','la','force')),"
    " urn TEXT NOT NULL,"
    " role TEXT NOT NULL CHECK (role IN ('dsl','deputy','la_desk','health_visitor')),"
    " name TEXT NOT NULL, adapter TEXT NOT NULL, address TEXT NOT NULL,"
    " language TEXT NOT NULL DEFAULT 'en' CHECK (language IN ('en','cy')),"
    " verified_at INTEGER," /* NULL: nobody has checked it, so nothing is sent to it */
    " ended_at INTEGER, ended_why TEXT,"
    " seen_import INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE (namespace, urn, role, adapter, address)) STRICT;"
    "CREATE TABLE reach ("
    " namespace TEXT NOT NULL, urn TEXT NOT NULL, postcode_prefix TEXT NOT NULL,"
    " PRIMARY KEY (postcode_prefix, namespace, urn)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE term ("
    " term_id INTEGER PRIMARY KEY,"
    " la_code TEXT, namespace TEXT, urn TEXT,"
    " kind TEXT NOT NULL CHECK (kind IN ('term','closure','inset')),"
    " from_day TEXT NOT NULL, to_day TEXT NOT NULL, title TEXT NOT NULL DEFAULT '',"
    " days TEXT," /* of a term: 'mon tue sat'; NULL: Monday to Friday */
    " CHECK ((la_code IS NULL) <> (urn IS NULL)), CHECK (from_day <= to_day)) STRICT;"
    "CREATE UNIQUE INDEX term_once ON term("
    " ifnull(la_code,''), ifnull(namespace,''), ifnull(urn,''), kind, from_day, to_day);"
    "CREATE INDEX term_la ON term(la_code) WHERE la_code IS NOT NULL;"
    "CREATE INDEX term_door ON term(namespace, urn) WHERE urn IS NOT NULL;"
    "CREATE TABLE bank_holiday ("
    " division TEXT NOT NULL, day TEXT NOT NULL, title TEXT NOT NULL,"
    " PRIMARY KEY (division, day)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE policy ("
    " scope TEXT NOT NULL CHECK (scope IN ('all','force','la','school','centre')),"
    " id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (scope, id, key)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE import ("
    " import_id INTEGER PRIMARY KEY, kind TEXT NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL,"
    " read_rows INTEGER NOT NULL DEFAULT 0, added INTEGER NOT NULL DEFAULT 0,"
    " changed INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0) STRICT;"

    /* Intake. */
    "CREATE TABLE message (" /* every message that came, refused ones too */
    " message_id INTEGER PRIMARY KEY,"
    " received_at INTEGER NOT NULL, topic TEXT NOT NULL, body BLOB NOT NULL,"
    " outcome TEXT NOT NULL CHECK (outcome IN ('accepted','repeat','refused')),"
    " problems TEXT NOT NULL DEFAULT '[]',"
    " handled_at INTEGER, handled_by TEXT) STRICT;" /* a person has dealt with a refused one */
    "CREATE INDEX message_refused ON message(received_at) WHERE outcome = 'refused';"
    "CREATE TABLE incident ("
    " incident_id INTEGER PRIMARY KEY,"
    " force TEXT NOT NULL, police_ref TEXT NOT NULL,"
    " revision INTEGER NOT NULL," /* the one in force, whose body message_id holds */
    " message_id INTEGER NOT NULL REFERENCES message,"
    " type TEXT NOT NULL, action TEXT NOT NULL,"
    " attended_at INTEGER NOT NULL, accepted_at INTEGER NOT NULL, revised_at INTEGER NOT NULL,"
    " closed_at INTEGER," /* every child settled, receipt 'closed' owed */
    " UNIQUE (force, police_ref)) STRICT;"
    "CREATE TABLE incident_revision ("
    " incident_id INTEGER NOT NULL REFERENCES incident, revision INTEGER NOT NULL,"
    " message_id INTEGER NOT NULL REFERENCES message, accepted_at INTEGER NOT NULL,"
    " PRIMARY KEY (incident_id, revision)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE child ("
    " child_id INTEGER PRIMARY KEY,"
    " incident_id INTEGER NOT NULL REFERENCES incident, child_ref TEXT NOT NULL,"
    " stage TEXT NOT NULL CHECK (stage IN ('match','plan','done'))," /* which step's work it is */
    " state TEXT NOT NULL CHECK (state IN"
    "  ('open','review','told','answered','with_la_desk','withheld','withdrawn')),"
    " decision_id INTEGER REFERENCES decision," /* the one in force */
    " withheld_reason TEXT,"
    " position INTEGER NOT NULL,"          /* in the message in force, or the last that named it */
    " removed INTEGER NOT NULL DEFAULT 0," /* the message in force does not name it */
    " changed_revision INTEGER NOT NULL,"  /* that last changed what a notice would say of it */
    " UNIQUE (incident_id, child_ref)) STRICT;"
    "CREATE INDEX child_work ON child(stage, incident_id) WHERE stage <> 'done';"
    "CREATE INDEX child_undecided ON child(state) WHERE state IN ('open','review');"

    /* Match. */
    "CREATE TABLE decision ("
    " decision_id INTEGER PRIMARY KEY, child_id INTEGER NOT NULL REFERENCES child,"
    " made_at INTEGER NOT NULL, made_by TEXT NOT NULL," /* 'matcher', or who */
    " outcome TEXT NOT NULL CHECK (outcome IN ('match','review','none')),"
    " pupil_key INTEGER REFERENCES pupil, score REAL, margin REAL, rule TEXT NOT NULL,"
    " CHECK ((outcome = 'match') = (pupil_key IS NOT NULL))) STRICT;"
    "CREATE INDEX decision_child ON decision(child_id);"
    "CREATE TABLE candidate ("
    " decision_id INTEGER NOT NULL REFERENCES decision, rank INTEGER NOT NULL,"
    " pupil_key INTEGER NOT NULL REFERENCES pupil, score REAL NOT NULL,"
    " evidence TEXT NOT NULL," /* JSON: field, level, weight; levels, not values */
    " PRIMARY KEY (decision_id, rank)) STRICT, WITHOUT ROWID;"

    /* Plan: one notice is one message about one incident to one door. */
    "CREATE TABLE notice ("
    " notice_id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE,"
    " incident_id INTEGER NOT NULL REFERENCES incident, revision INTEGER NOT NULL,"
    " kind TEXT NOT NULL CHECK (kind IN ('notice','desk','correction','withdrawal')),"
    " namespace TEXT NOT NULL, urn TEXT NOT NULL,"
    " basis TEXT NOT NULL CHECK (basis IN ('statutory','local')),"
    " reason TEXT," /* of a desk's notice: why it is the desk's; of a withdrawal: why; plan.h */
    " amends INTEGER REFERENCES notice," /* of a correction or withdrawal: what was told */
    " rule TEXT NOT NULL,"               /* which rule set the time; a code of calendar.h */
    " due_at INTEGER NOT NULL, answer_by INTEGER NOT NULL,"
    " remind_at INTEGER," /* who was told and has not answered by then is told again, once */
    " state TEXT NOT NULL CHECK (state IN ('owed','told','answered','failed','cancelled')),"
    " told_at INTEGER, told_contact INTEGER REFERENCES contact,"
    " follow_at INTEGER," /* when it is looked at whether it is answered; NULL: no more */
    " not_ours INTEGER NOT NULL DEFAULT 0," /* answered so: not our pupil */
    " desk_at INTEGER," /* nobody there has answered, and it became the desk's */
    " answered_at INTEGER, answered_by TEXT, planned_at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX notice_follow ON notice(follow_at) WHERE follow_at IS NOT NULL;"
    "CREATE INDEX notice_incident ON notice(incident_id);"
    "CREATE INDEX notice_open ON notice(due_at) WHERE state IN ('owed','told','failed');"
    /* What was told or failed there before does not stand in the way of one more: a sibling that is
     * decided later, or a school that has a contact by now. */
    "CREATE UNIQUE INDEX notice_once ON notice(incident_id, kind, namespace, urn)"
    " WHERE state = 'owed' AND kind IN ('notice','desk');"
    "CREATE UNIQUE INDEX notice_amends ON notice(amends, kind, ifnull(reason,''))"
    " WHERE amends IS NOT NULL AND state = 'owed';"
    "CREATE INDEX notice_amended ON notice(amends) WHERE amends IS NOT NULL;"
    "CREATE TABLE notice_child ("
    " notice_id INTEGER NOT NULL REFERENCES notice, child_id INTEGER NOT NULL REFERENCES child,"
    " PRIMARY KEY (notice_id, child_id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX notice_child_child ON notice_child(child_id);"
    /* Doors that have said: not our pupil. Neither matching nor planning leads there again. */
    "CREATE TABLE ruled_out ("
    " child_id INTEGER NOT NULL REFERENCES child, namespace TEXT NOT NULL, urn TEXT NOT NULL,"
    " notice_id INTEGER NOT NULL REFERENCES notice, at INTEGER NOT NULL, who TEXT NOT NULL,"
    " PRIMARY KEY (child_id, namespace, urn)) STRICT, WITHOUT ROWID;"
    /* What a door has on its hands: not what has been taken back, nor what waits to be. */
    "CREATE VIEW notice_stands AS SELECT nc.notice_id, nc.child_id FROM notice_child nc"
    " JOIN notice n ON n.notice_id = nc.notice_id"
    " WHERE n.kind IN ('notice','desk') AND NOT EXISTS (SELECT 1 FROM notice w"
    "  JOIN notice_child wc ON wc.notice_id = w.notice_id"
    "  WHERE w.amends = n.notice_id AND w.kind = 'withdrawal' AND w.state <> 'cancelled'"
    "  AND wc.child_id = nc.child_id)"
    " AND NOT EXISTS (SELECT 1 FROM ruled_out r WHERE r.child_id = nc.child_id"
    "  AND r.namespace = n.namespace AND r.urn = n.urn);"

    /* Outbox: what is owed to one recipient by one adapter. */
    "CREATE TABLE outbox ("
    " item_id INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL CHECK (kind IN ('notice','reminder','receipt')),"
    " notice_id INTEGER REFERENCES notice, contact_id INTEGER REFERENCES contact,"
    " topic TEXT, payload TEXT, correlation BLOB," /* a receipt's */
    " adapter TEXT NOT NULL,"                      /* 'mqtt' for receipts */
    " key TEXT NOT NULL UNIQUE," /* the Message-ID or idempotency key, the same on every try */
    " due_at INTEGER NOT NULL,"  /* the next moment worth a try */
    " give_up_at INTEGER,"       /* no longer worth retrying this recipient */
    " state TEXT NOT NULL CHECK (state IN ('due','leased','sent','failed','cancelled')),"
    " lease_until INTEGER, tries INTEGER NOT NULL DEFAULT 0,"
    " verdict TEXT, detail TEXT, sent_at INTEGER, created_at INTEGER NOT NULL,"
    " CHECK ((kind <> 'receipt') = (notice_id IS NOT NULL AND contact_id IS NOT NULL)),"
    " CHECK ((kind = 'receipt') = (topic IS NOT NULL AND payload IS NOT NULL))) STRICT;"
    "CREATE UNIQUE INDEX outbox_once ON outbox(notice_id, contact_id)"
    " WHERE kind = 'notice' AND state <> 'cancelled';"
    "CREATE UNIQUE INDEX outbox_reminded ON outbox(notice_id)"
    " WHERE kind = 'reminder' AND state <> 'cancelled';"
    "CREATE INDEX outbox_due ON outbox(adapter, due_at) WHERE state = 'due';"
    "CREATE INDEX outbox_leased ON outbox(adapter, lease_until) WHERE state = 'leased';"
    "CREATE INDEX outbox_notice ON outbox(notice_id) WHERE notice_id IS NOT NULL;"
    "CREATE TABLE attempt ("
    " item_id INTEGER NOT NULL REFERENCES outbox, try INTEGER NOT NULL, at INTEGER NOT NULL,"
    " verdict TEXT NOT NULL, code INTEGER NOT NULL, detail TEXT, ms INTEGER NOT NULL,"
    " PRIMARY KEY (item_id, try)) STRICT, WITHOUT ROWID;"

    /* What was done, by whom: rows are only added. */
    "CREATE TABLE audit ("
    " audit_id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, event TEXT NOT NULL,"
    " incident_id INTEGER, child_id INTEGER, notice_id INTEGER, item_id INTEGER,"
    " detail TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE INDEX audit_incident ON audit(incident_id);"
    "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit"
    " BEGIN SELECT raise(ABORT, 'the audit is only added to'); END;"
    "CREATE TRIGGER audit_remains BEFORE DELETE ON audit"
    " BEGIN SELECT raise(ABORT, 'the audit is only added to'); END;";

/* The roll's index (store/roll_index.h): an entry is key and pupil in one integer. */
static const char step_2[] =
    "DROP TABLE pupil_block;"
    "CREATE TABLE pupil_block (entry INTEGER PRIMARY KEY) STRICT;"
    "CREATE TABLE name_count (" /* how many pupils bear a name; key 0 counts the pupils */
    " key INTEGER PRIMARY KEY, pupils INTEGER NOT NULL) STRICT;"
    "CREATE TABLE roll_index ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), keys_version INTEGER NOT NULL) STRICT;"
    "ALTER TABLE pupil DROP COLUMN keys_version;";

/* What is told that is no call-out: warnings to desks, exercises. Tables of their own, so that
 * nothing that counts incidents, notices or the outbox can ever count one of them. */
static const char step_3[] =
    /* How many messages a force's feed brings, by the hour since 1970: no personal data, kept
     * when messages are not. */
    "CREATE TABLE feed ("
    " force TEXT NOT NULL, hour INTEGER NOT NULL,"
    " messages INTEGER NOT NULL, last_at INTEGER NOT NULL,"
    " PRIMARY KEY (force, hour)) STRICT, WITHOUT ROWID;"
    "INSERT INTO feed SELECT substr(topic, 14, length(topic) - 22), received_at / 3600, count(*),"
    " max(received_at) FROM message"
    " WHERE topic GLOB 'encompass/v1/?*/incident' AND length(topic) <= 86 GROUP BY 1, 2;"
    /* When an authority's roll came in last, whether or not it changed anything. */
    "CREATE TABLE roll (la_code TEXT PRIMARY KEY, imported_at INTEGER NOT NULL) STRICT,"
    " WITHOUT ROWID;"
    "INSERT INTO roll SELECT p.la_code, max(i.at) FROM pupil p"
    " JOIN import i ON i.import_id = p.seen_import GROUP BY 1;"
    "CREATE TABLE warning ("
    " warning_id INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL CHECK (kind IN"
    "  ('feed-quiet','broker-lost','contact-failing','roll-old')),"
    " namespace TEXT NOT NULL CHECK (namespace IN ('gateway','force','la','school','centre')),"
    " urn TEXT NOT NULL,"
    " since INTEGER NOT NULL," /* when what is wrong began */
    " raised_at INTEGER NOT NULL, cleared_at INTEGER) STRICT;"
    "CREATE UNIQUE INDEX warning_stands ON warning(kind, namespace, urn)"
    " WHERE cleared_at IS NULL;"
    "CREATE INDEX warning_cleared ON warning(kind, namespace, urn, cleared_at);"
    "CREATE TABLE drill ("
    " drill_id INTEGER PRIMARY KEY, force TEXT, la_code TEXT, who TEXT NOT NULL,"
    " stored_at INTEGER NOT NULL, CHECK (force IS NOT NULL OR la_code IS NOT NULL)) STRICT;"
    "CREATE TABLE bulletin (" /* one warning's or drill's message to one contact */
    " bulletin_id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE,"
    " warning_id INTEGER REFERENCES warning, drill_id INTEGER REFERENCES drill,"
    " contact_id INTEGER NOT NULL REFERENCES contact, adapter TEXT NOT NULL,"
    " key TEXT NOT NULL UNIQUE,"
    " state TEXT NOT NULL CHECK (state IN"
    "  ('stored','due','leased','sent','failed','cancelled')),"
    " stored_at INTEGER NOT NULL, planned_at INTEGER, due_at INTEGER NOT NULL,"
    " give_up_at INTEGER NOT NULL, lease_until INTEGER, tries INTEGER NOT NULL DEFAULT 0,"
    " verdict TEXT, detail TEXT, sent_at INTEGER, answered_at INTEGER, answered_by TEXT,"
    " CHECK ((warning_id IS NULL) <> (drill_id IS NULL)),"
    " UNIQUE (warning_id, contact_id), UNIQUE (drill_id, contact_id)) STRICT;"
    "CREATE INDEX bulletin_work ON bulletin(state, adapter, due_at);"
    "CREATE INDEX bulletin_sent ON bulletin(contact_id, sent_at) WHERE sent_at IS NOT NULL;"
    "CREATE INDEX attempt_failed ON attempt(at) WHERE verdict IN ('later','never');"
    "CREATE INDEX outbox_sent ON outbox(contact_id, sent_at) WHERE sent_at IS NOT NULL;";

/* What a daemon looks for every minute is found without reading what has been done. */
static const char step_4[] =
    "CREATE TABLE failing (" /* a contact's tries that failed since the last that did not */
    " contact_id INTEGER NOT NULL REFERENCES contact, at INTEGER NOT NULL,"
    " refused INTEGER NOT NULL) STRICT;" /* for good, rather than put off */
    "CREATE INDEX failing_contact ON failing(contact_id, at);"
    "INSERT INTO failing SELECT o.contact_id, a.at, a.verdict = 'never'"
    " FROM attempt a JOIN outbox o USING (item_id) WHERE a.verdict IN ('later','never')"
    " AND (a.code > 0 OR o.adapter <> 'email' OR a.verdict = 'never')"
    " AND NOT EXISTS (SELECT 1 FROM outbox s WHERE s.contact_id = o.contact_id"
    "  AND s.sent_at >= a.at)"
    " AND NOT EXISTS (SELECT 1 FROM bulletin s WHERE s.contact_id = o.contact_id"
    "  AND s.sent_at >= a.at);"
    "DROP INDEX attempt_failed; DROP INDEX outbox_sent; DROP INDEX bulletin_sent;"
    "CREATE INDEX outbox_contact ON outbox(contact_id) WHERE state = 'due';";

/* Which call-outs were about a pupil: how often a child has been told about. */
static const char step_5[] =
    "CREATE INDEX decision_pupil ON decision(pupil_key) WHERE pupil_key IS NOT NULL;";

/* Whose turn it is, what is kept back, and what is shut. */
static const char step_6[] =
    /* High risk, or a missing child: first among those of one deadline. */
    "ALTER TABLE incident ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;"
    "UPDATE incident SET urgent = 1 WHERE type = 'missing' OR EXISTS (SELECT 1 FROM message m"
    " WHERE m.message_id = incident.message_id AND json_valid(CAST(m.body AS TEXT))"
    " AND CAST(m.body AS TEXT) ->> '$.risk' = 'high');"
    "ALTER TABLE outbox ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;"
    "UPDATE outbox SET urgent = 1 WHERE state IN ('due','leased') AND notice_id IN"
    " (SELECT n.notice_id FROM notice n JOIN incident i USING (incident_id)"
    "  WHERE i.urgent AND n.kind <> 'withdrawal');"
    "CREATE INDEX outbox_turn ON outbox(adapter, give_up_at, urgent DESC, due_at, item_id)"
    " WHERE state = 'due' AND kind <> 'receipt';"
    "CREATE TABLE hold ("
    " hold_id INTEGER PRIMARY KEY,"
    " scope TEXT NOT NULL CHECK (scope IN ('notice','adapter','establishment')),"
    " id TEXT NOT NULL," /* a reference, an adapter, school/100001 */
    " why TEXT NOT NULL, who TEXT NOT NULL, held_at INTEGER NOT NULL,"
    " released_at INTEGER, released_by TEXT) STRICT;"
    "CREATE UNIQUE INDEX hold_stands ON hold(scope, id) WHERE released_at IS NULL;"
    "CREATE TABLE shut (" /* an adapter that cannot be used at the moment */
    " adapter TEXT PRIMARY KEY, since INTEGER NOT NULL, until INTEGER NOT NULL,"
    " tries INTEGER NOT NULL, code INTEGER NOT NULL, detail TEXT NOT NULL) STRICT, WITHOUT ROWID;";

/* Answers, and whom to ring. */
static const char step_7[] =
    "ALTER TABLE contact ADD COLUMN telephone TEXT;" /* NULL: by way of the switchboard */
    /* A reminder that was refused gives way to one to somebody else. */
    "DROP INDEX outbox_reminded;"
    "CREATE UNIQUE INDEX outbox_reminded ON outbox(notice_id)"
    " WHERE kind = 'reminder' AND state NOT IN ('cancelled','failed');"
    "CREATE INDEX message_waits ON message(topic)" /* refused, and a person has to look at it */
    " WHERE outcome = 'refused' AND handled_at IS NULL;"
    /* Links by which a notice is answered: the hash of each token, never the token. */
    "CREATE TABLE answer_link ("
    " hash BLOB PRIMARY KEY, notice_id INTEGER NOT NULL REFERENCES notice,"
    " contact_id INTEGER NOT NULL REFERENCES contact," /* to whom it was sent */
    " made_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX answer_link_expires ON answer_link(expires_at);";

/* Whether a message may have been sent before it is: a lease that ended with its daemon leaves no
 * try. And what a service has taken over and will say more of (store/deliveries.h). */
static const char step_8[] =
    "ALTER TABLE outbox ADD COLUMN leases INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE bulletin ADD COLUMN leases INTEGER NOT NULL DEFAULT 0;"
    "UPDATE outbox SET leases = 1 WHERE tries > 0 OR state = 'leased';"
    "UPDATE bulletin SET leases = 1 WHERE tries > 0 OR state = 'leased';"
    "CREATE TABLE delivery ("
    " key TEXT PRIMARY KEY," /* of the outbox or a bulletin */
    " adapter TEXT NOT NULL, handle TEXT NOT NULL,"
    " sent INTEGER NOT NULL DEFAULT 1, sent_at INTEGER NOT NULL,"
    " ask_at INTEGER," /* NULL: no more */
    " ended_at INTEGER,"
    " ended TEXT CHECK (ended IN ('delivered','failed','again','unknown')),"
    " CHECK ((ask_at IS NULL) = (ended IS NOT NULL))) STRICT, WITHOUT ROWID;"
    "CREATE INDEX delivery_ask ON delivery(adapter, ask_at) WHERE ask_at IS NOT NULL;";

/* From when a child's times are reckoned: the first of the revisions that have named it since without
 * holding it back. A revision that changes something else puts nothing off. */
static const char step_9[] = "ALTER TABLE child ADD COLUMN tell_from INTEGER NOT NULL DEFAULT 0;"
                             "UPDATE child SET tell_from = (SELECT revised_at FROM incident i"
                             " WHERE i.incident_id = child.incident_id);";

/* What a person has accepted of a pupil that the roll does not say (store/remember.h). */
static const char step_10[] =
    "CREATE TABLE remembered ("
    " remembered_id INTEGER PRIMARY KEY,"
    " pupil_key INTEGER NOT NULL REFERENCES pupil,"
    " child_id INTEGER NOT NULL REFERENCES child," /* for whose decision it is kept */
    " kind TEXT NOT NULL CHECK (kind IN ('forename','surname','home')),"
    " text TEXT, postcode TEXT," /* a name; of a home its address */
    " at INTEGER NOT NULL, who TEXT NOT NULL, ended_at INTEGER, ended_by TEXT) STRICT;"
    "CREATE INDEX remembered_pupil ON remembered(pupil_key) WHERE ended_at IS NULL;"
    "CREATE INDEX remembered_child ON remembered(child_id) WHERE ended_at IS NULL;";

/* A pupil as it is compared (match/packed.h): made with the keys (store/roll_index.h), with which it
 * comes and is made anew. */
static const char step_11[] = "CREATE TABLE pupil_folded ("
                              " pupil_key INTEGER PRIMARY KEY REFERENCES pupil ON DELETE CASCADE,"
                              " person BLOB NOT NULL) STRICT;";

/* An item whose time is up. */
static const char step_12[] =
    /* Since when its time has been up, and when somebody else was last looked for; NULL it is not. */
    "ALTER TABLE outbox ADD COLUMN late_at INTEGER;"
    "CREATE INDEX outbox_late ON outbox(notice_id) WHERE state = 'due' AND late_at IS NOT NULL;";

/* An adapter that is shut is a warning. The table is made anew for a kind more, and so is the one that
 * leans on it. */
static const char step_13[] =
    "CREATE TABLE bulletin_of_before AS SELECT * FROM bulletin; DROP TABLE bulletin;"
    "CREATE TABLE warning_of_before AS SELECT * FROM warning; DROP TABLE warning;"
    "CREATE TABLE warning ("
    " warning_id INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL CHECK (kind IN"
    "  ('feed-quiet','broker-lost','contact-failing','roll-old','adapter-shut')),"
    " namespace TEXT NOT NULL CHECK (namespace IN ('gateway','force','la','school','centre')),"
    " urn TEXT NOT NULL,"
    " since INTEGER NOT NULL," /* when what is wrong began */
    " raised_at INTEGER NOT NULL, cleared_at INTEGER) STRICT;"
    "INSERT INTO warning SELECT * FROM warning_of_before; DROP TABLE warning_of_before;"
    "CREATE UNIQUE INDEX warning_stands ON warning(kind, namespace, urn)"
    " WHERE cleared_at IS NULL;"
    "CREATE INDEX warning_cleared ON warning(kind, namespace, urn, cleared_at);"
    "CREATE TABLE bulletin ("
    " bulletin_id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE,"
    " warning_id INTEGER REFERENCES warning, drill_id INTEGER REFERENCES drill,"
    " contact_id INTEGER NOT NULL REFERENCES contact, adapter TEXT NOT NULL,"
    " key TEXT NOT NULL UNIQUE,"
    " state TEXT NOT NULL CHECK (state IN"
    "  ('stored','due','leased','sent','failed','cancelled')),"
    " stored_at INTEGER NOT NULL, planned_at INTEGER, due_at INTEGER NOT NULL,"
    " give_up_at INTEGER NOT NULL, lease_until INTEGER, tries INTEGER NOT NULL DEFAULT 0,"
    " verdict TEXT, detail TEXT, sent_at INTEGER, answered_at INTEGER, answered_by TEXT,"
    " leases INTEGER NOT NULL DEFAULT 0,"
    " CHECK ((warning_id IS NULL) <> (drill_id IS NULL)),"
    " UNIQUE (warning_id, contact_id), UNIQUE (drill_id, contact_id)) STRICT;"
    "INSERT INTO bulletin SELECT * FROM bulletin_of_before; DROP TABLE bulletin_of_before;"
    "CREATE INDEX bulletin_work ON bulletin(state, adapter, due_at);";

/* A door that says it is not its pupil has nothing of that child on its hands: of an authority's, whose
 * health visitors say so, its desk may. */
static const char step_14[] =
    "DROP VIEW notice_stands;"
    "CREATE VIEW notice_stands AS SELECT nc.notice_id, nc.child_id FROM notice_child nc"
    " JOIN notice n ON n.notice_id = nc.notice_id"
    " WHERE n.kind IN ('notice','desk') AND NOT EXISTS (SELECT 1 FROM notice w"
    "  JOIN notice_child wc ON wc.notice_id = w.notice_id"
    "  WHERE w.amends = n.notice_id AND w.kind = 'withdrawal' AND w.state <> 'cancelled'"
    "  AND wc.child_id = nc.child_id)"
    " AND (n.kind = 'desk' OR NOT EXISTS (SELECT 1 FROM ruled_out r"
    "  WHERE r.child_id = nc.child_id AND r.namespace = n.namespace AND r.urn = n.urn));";

/* To see that a word is one of three or more SQLite makes a table of them, anew for each row that is
 * written, which costs as much as the row; said one by one they are compared. What a CHECK says is in
 * no row, so it is the schema's text that changes (lang_altertable.html, 7). */
static const char step_15[] =
    "PRAGMA writable_schema=ON;"
    "UPDATE sqlite_schema SET sql = replace(sql,"
    " '(outcome IN (''accepted'',''repeat'',''refused''))',"
    " '(outcome = ''accepted'' OR outcome = ''repeat'' OR outcome = ''refused'')')"
    " WHERE name = 'message';"
    "UPDATE sqlite_schema SET sql = replace(sql, '(stage IN (''match'',''plan'',''done''))',"
    " '(stage = ''match'' OR stage = ''plan'' OR stage = ''done'')') WHERE name = 'child';"
    "UPDATE sqlite_schema SET sql = replace(sql, '(state IN  (''open'',''review'',''told'',"
    "''answered'',''with_la_desk'',''withheld'',''withdrawn''))',"
    " '(state = ''open'' OR state = ''review'' OR state = ''told''"
    " OR state = ''answered'' OR state = ''with_la_desk'' OR state = ''withheld''"
    " OR state = ''withdrawn'')') WHERE name = 'child';"
    "UPDATE sqlite_schema SET sql = replace(sql, '(outcome IN (''match'',''review'',''none''))',"
    " '(outcome = ''match'' OR outcome = ''review'' OR outcome = ''none'')')"
    " WHERE name = 'decision';"
    "UPDATE sqlite_schema SET sql = replace(sql,"
    " '(kind IN (''notice'',''desk'',''correction'',''withdrawal''))',"
    " '(kind = ''notice'' OR kind = ''desk'' OR kind = ''correction''"
    " OR kind = ''withdrawal'')') WHERE name = 'notice';"
    "UPDATE sqlite_schema SET sql = replace(sql,"
    " '(state IN (''owed'',''told'',''answered'',''failed'',''cancelled''))',"
    " '(state = ''owed'' OR state = ''told'' OR state = ''answered''"
    " OR state = ''failed'' OR state = ''cancelled'')') WHERE name = 'notice';"
    "UPDATE sqlite_schema SET sql = replace(sql, '(kind IN (''notice'',''reminder'',''receipt''))',"
    " '(kind = ''notice'' OR kind = ''reminder'' OR kind = ''receipt'')')"
    " WHERE name = 'outbox';"
    "UPDATE sqlite_schema SET sql = replace(sql,"
    " '(state IN (''due'',''leased'',''sent'',''failed'',''cancelled''))',"
    " '(state = ''due'' OR state = ''leased'' OR state = ''sent'' OR state = ''failed''"
    " OR state = ''cancelled'')') WHERE name = 'outbox';"
    "PRAGMA writable_schema=RESET;"
    /* What is told is not looked for by when it was due. */
    "DROP INDEX notice_open;"
    "CREATE INDEX notice_owed ON notice(due_at) WHERE state = 'owed';";

/* Another number whenever the roll's index is another (store/name_counts.h). */
static const char step_16[] = "ALTER TABLE roll_index ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;";

/* Where a pupil is on roll, beside what else it is compared by (store/schools.h). */
static const char step_17[] =
    "ALTER TABLE pupil_folded ADD COLUMN schools BLOB;"
    "CREATE INDEX pupil_folded_part ON pupil_folded(pupil_key) WHERE schools IS NULL;"
    "CREATE TRIGGER enrolment_comes AFTER INSERT ON enrolment BEGIN"
    " UPDATE pupil_folded SET schools = NULL"
    "  WHERE pupil_key = NEW.pupil_key AND schools IS NOT NULL; END;"
    "CREATE TRIGGER enrolment_changes AFTER UPDATE ON enrolment"
    " WHEN OLD.pupil_key <> NEW.pupil_key OR OLD.namespace <> NEW.namespace OR OLD.urn <> NEW.urn"
    "  OR OLD.school IS NOT NEW.school OR OLD.enrolment <> NEW.enrolment"
    "  OR OLD.to_day IS NOT NEW.to_day OR (OLD.ended_at IS NULL) <> (NEW.ended_at IS NULL) BEGIN"
    " UPDATE pupil_folded SET schools = NULL"
    "  WHERE pupil_key IN (OLD.pupil_key, NEW.pupil_key) AND schools IS NOT NULL; END;"
    "CREATE TRIGGER enrolment_goes AFTER DELETE ON enrolment BEGIN"
    " UPDATE pupil_folded SET schools = NULL"
    "  WHERE pupil_key = OLD.pupil_key AND schools IS NOT NULL; END;";

/* By which decision a child is told of at a door: what leaves while another is made is told by the
 * one before, whenever the far side takes it over. */
static const char step_18[] =
    "ALTER TABLE notice_child ADD COLUMN decision_id INTEGER REFERENCES decision;"
    "UPDATE notice_child SET decision_id = (SELECT max(d.decision_id) FROM notice n JOIN decision d"
    " ON d.made_at <= ifnull(n.told_at, d.made_at) WHERE n.notice_id = notice_child.notice_id"
    " AND d.child_id = notice_child.child_id);";

/* What was refused and waits for a person is found by the reference that it gives. */
static const char step_19[] =
    "ALTER TABLE message ADD COLUMN gives_ref TEXT;" /* of a refused one, when it can be read */
    "UPDATE message SET gives_ref = json_extract(CAST(body AS TEXT), '$.police_ref')"
    " WHERE outcome = 'refused' AND CASE WHEN json_valid(CAST(body AS TEXT))"
    "  THEN json_type(CAST(body AS TEXT), '$.police_ref') = 'text' END;"
    "DROP INDEX message_waits;"
    "CREATE INDEX message_waits ON message(topic, gives_ref)"
    " WHERE outcome = 'refused' AND handled_at IS NULL;";

/* What is owed is found by its door: what a hold of an establishment keeps is looked at each second. */
static const char step_20[] =
    "DROP INDEX notice_owed;"
    "CREATE INDEX notice_owed ON notice(namespace, urn) WHERE state = 'owed';";

static const char *const steps[] = {step_1,  step_2,  step_3,  step_4,  step_5,  step_6,  step_7,
                                    step_8,  step_9,  step_10, step_11, step_12, step_13, step_14,
                                    step_15, step_16, step_17, step_18, step_19, step_20};

int schema_newest(void)
{
    return (int)ARRAY_SIZE(steps);
}

static int take(struct db *db, int step, struct err *err)
{
    char number[64];

    snprintf(number, sizeof number, "PRAGMA user_version=%d", step);
    if (db_begin(db, err) < 0)
        return -1;
    if (sql_script(db, steps[step - 1], err) < 0 || sql_script(db, number, err) < 0) {
        db_rollback(db);
        return -1;
    }
    return db_commit(db, err);
}

static int take_missing(struct db *db, int from, struct err *err)
{
    for (int step = from + 1; step <= schema_newest(); step++) {
        if (take(db, step, err) < 0)
            return err_context(err, "schema step %d", step);
    }
    return 0;
}

int schema_create(struct db *db, struct err *err)
{
    char mark[64];

    snprintf(mark, sizeof mark, "PRAGMA application_id=%d", APPLICATION_ID);
    if (sql_script(db, mark, err) < 0)
        return -1;
    return take_missing(db, 0, err);
}

int schema_upgrade(struct db *db, struct err *err)
{
    int64_t id = 0, version = 0;

    if (sql_int(db, &id, err, "PRAGMA application_id", "") < 0 ||
        sql_int(db, &version, err, "PRAGMA user_version", "") < 0)
        return -1;
    if (id != APPLICATION_ID)
        return err_set(err, ERR_STORE, "store %s: this is no store of Encompass", db_path(db));
    if (version > schema_newest())
        return err_set(err, ERR_STORE,
                       "store %s: a newer program wrote it (schema %d, this one knows %d)",
                       db_path(db), (int)version, schema_newest());
    return take_missing(db, (int)version, err);
}
