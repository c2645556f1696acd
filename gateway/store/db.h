/* gateway/store/db.h - the store's file: opening, transactions, one daemon at a time.
 *
 * SQLite in WAL mode, synchronous=FULL, foreign keys on. What COMMIT has returned from is on disk
 * (promise P1). The daemon and any number of commands share the file; writers wait for one another
 * up to ten seconds (db_set_patience) and then fail with ERR_BUSY.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct db;

/* The store at path, brought up to this program's schema. ERR_STORE when there is none, when it is
 * no store of ours, or when a newer program has written it. *out is the caller's for db_close. */
int db_open(const char *path, struct db **out, struct err *err) MUST_CHECK;

/* Makes the file (mode 0600) and its schema, first as PATH-new: at path there is a whole store or
 * nothing, also after a power cut. ERR_INVALID when something stands at path already, or the log of
 * an earlier store beside it. */
int db_create(const char *path, struct err *err) MUST_CHECK;

void db_close(struct db *db); /* NULL is allowed; an open transaction is rolled back */

/* How long a writer waits for another. */
void db_set_patience(struct db *db, int ms);

/* Asked again and again while it waits: false ends the wait at once, as if the patience had run out. */
void db_ask_while_waiting(struct db *db, bool (*go_on)(void *user), void *user);

/* IMMEDIATE: the write lock is taken here, so nothing later in the transaction waits. They do not
 * nest. */
int db_begin(struct db *db, struct err *err) MUST_CHECK;
/* Takes no lock: what is read until db_commit is of one moment, and locks are asked for once. */
int db_begin_reading(struct db *db, struct err *err) MUST_CHECK;
/* Failed: it is rolled back. So is one whose file no longer stands at its path (ERR_SYSTEM): it would
 * be on no disk that anybody finds. */
int db_commit(struct db *db, struct err *err) MUST_CHECK;
void db_rollback(struct db *db); /* no transaction: nothing happens */
bool db_in_transaction(const struct db *db);

/* A part of the open transaction that can be undone and leave the rest as it is. Parts do not nest. */
int db_part_begin(struct db *db, struct err *err) MUST_CHECK;
int db_part_end(struct db *db, bool keep, struct err *err) MUST_CHECK;

/* A number that changes whenever another connection has committed (PRAGMA data_version): how the
 * daemon sees within a second what a command has changed. */
int db_version_of_data(struct db *db, int64_t *out, struct err *err) MUST_CHECK;

/* The one daemon's lock on a store (flock of PATH-daemon). ERR_BUSY when another has it. It lasts
 * until db_close. */
int db_lock_daemon(struct db *db, struct err *err) MUST_CHECK;

/* From another thread: the statement under way fails (ERR_STORE). */
void db_interrupt(struct db *db);

const char *db_path(const struct db *db);

#endif
