#include "store/answer_links.h"

#include <sodium.h>
#include <string.h>

#include "store/sql.h"

enum {
    TOKEN_BYTES = 32,
    HASH_BYTES = crypto_generichash_BYTES,
    KEEP_SECONDS = 90 * 24 * 3600, /* past its time: a clock that leapt ahead may be put right */
};

/* A hash of a random token needs no salt, and no slowness. */
static void hash_of(const unsigned char token[TOKEN_BYTES], unsigned char out[HASH_BYTES])
{
    crypto_generichash(out, HASH_BYTES, token, TOKEN_BYTES, NULL, 0);
}

int answer_links_make(struct db *db, int64_t notice_id, int64_t contact_id, time_t expires_at,
                      time_t now, char token[ANSWER_TOKEN_SIZE], struct err *err)
{
    unsigned char bytes[TOKEN_BYTES], hash[HASH_BYTES];
    int rc;

    if (sodium_init() < 0)
        return err_set(err, ERR_SYSTEM, "no random numbers can be had");
    randombytes_buf(bytes, sizeof bytes);
    hash_of(bytes, hash);
    sodium_bin2base64(token, ANSWER_TOKEN_SIZE, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
    rc = sql_run(db, err, "DELETE FROM answer_link WHERE expires_at <= ?", "i",
                 (int64_t)now - KEEP_SECONDS);
    if (rc == 0)
        rc = sql_run(db, err,
                     "INSERT INTO answer_link(hash, notice_id, contact_id, made_at, expires_at)"
                     " VALUES (?,?,?,?,?)",
                     "biiii", hash, sizeof hash, notice_id, contact_id, (int64_t)now,
                     (int64_t)expires_at);
    if (rc < 0)
        sodium_memzero(token, ANSWER_TOKEN_SIZE);
    return rc;
}

int answer_links_find(struct db *db, const char *token, time_t now, int64_t *notice_id,
                      int64_t *contact_id, struct err *err)
{
    unsigned char bytes[TOKEN_BYTES], hash[HASH_BYTES];
    sqlite3_stmt *stmt;
    size_t length = 0;
    int rc;

    if (strlen(token) != ANSWER_TOKEN_SIZE - 1 ||
        sodium_base642bin(bytes, sizeof bytes, token, strlen(token), NULL, &length, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        length != sizeof bytes)
        return 0;
    hash_of(bytes, hash);
    sodium_memzero(bytes, sizeof bytes);
    if (sql_query(db, &stmt, err,
                  "SELECT l.notice_id, l.contact_id FROM answer_link l"
                  " JOIN contact k ON k.contact_id = l.contact_id"
                  " WHERE l.hash = ? AND l.expires_at > ?"
                  " AND k.ended_at IS NULL AND k.verified_at IS NOT NULL",
                  "bi", hash, sizeof hash, (int64_t)now) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        *notice_id = sqlite3_column_int64(stmt, 0);
        *contact_id = sqlite3_column_int64(stmt, 1);
    }
    sql_done(stmt);
    return rc;
}
