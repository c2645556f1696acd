#include "deliver/line.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    OF_A_DOOR = 64, /* in line: more wait for the next reading */
    OF_A_HOST = IN_LINE_MAX / 2,
    ROWS_MAX = 20000, /* of one reading */
    NEAR_ROWS = 2 * IN_LINE_MAX,
    FAR_SECONDS = 5, /* between two readings beyond those, as long as nothing is found there */
    NAME_SIZE_MAX = 300,
};

struct reading {
    struct line *line;
    const struct hosts *hosts;
    time_t now;
    size_t rows, rows_max;
};

/* Addresses are personal: what is kept of one is a hash whose key ends with the process. Never 0. */
static uint64_t hash(const char *text, size_t length)
{
    static unsigned char key[crypto_shorthash_KEYBYTES];
    static bool keyed;
    unsigned char out[crypto_shorthash_BYTES];
    uint64_t h;

    if (!keyed)
        crypto_shorthash_keygen(key);
    keyed = true;
    crypto_shorthash(out, (const unsigned char *)text, length, key);
    memcpy(&h, out, sizeof h);
    return h ? h : 1;
}

/* Host and port of an address that is a URL; 0 of any other. */
static uint64_t host_of(const char *address)
{
    const char *at = address ? strstr(address, "://") : NULL;
    char host[NAME_SIZE_MAX];
    size_t n = 0, length;

    if (!at)
        return 0;
    at += 3;
    length = strcspn(at, "/?#");
    for (size_t i = 0; i < length && n + 1 < sizeof host; i++)
        host[n++] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] - 'A' + 'a' : at[i]);
    return hash(host, n);
}

static bool is_shut(const struct hosts *hosts, uint64_t host, time_t now)
{
    for (size_t i = 0; i < hosts->count; i++) {
        if (hosts->list[i].host == host)
            return now < hosts->list[i].circuit.until;
    }
    return false;
}

static bool see(void *self, const struct claim *claim, const char *address)
{
    struct reading *r = self;
    struct line *line = r->line;
    struct waiting w = {.claim = *claim, .host = host_of(address)};
    char door[sizeof claim->door.namespace + sizeof claim->door.urn + 1];
    size_t of_door = 0, of_host = 0;
    bool shut;

    w.door = hash(
        door, (size_t)snprintf(door, sizeof door, "%s/%s", claim->door.namespace, claim->door.urn));
    if (++r->rows > r->rows_max)
        return false;
    for (size_t i = 0; i < line->count; i++) {
        of_door += line->list[i].door == w.door;
        of_host += w.host != 0 && line->list[i].host == w.host;
    }
    shut = w.host != 0 && is_shut(r->hosts, w.host, r->now);
    if (shut && claim->late && line->late_count < LATE_IN_LINE_MAX)
        line->late[line->late_count++] = claim->id;
    if (of_door >= OF_A_DOOR || of_host >= OF_A_HOST || shut) {
        line->passed_over = true;
        return true;
    }
    line->far_helps |= r->rows > NEAR_ROWS;
    line->list[line->count++] = w;
    line->left++;
    return line->count < IN_LINE_MAX;
}

/* A morning of one web server's is not read to its end for each few hundred that have gone, only to
 * find that there is no other: that is looked for again after a while. */
static bool reads_far(const struct line *line, time_t now)
{
    return line->far_helps || now < line->far_at || now >= line->far_at + FAR_SECONDS;
}

/* To read it again at once would find the same. */
static bool has_passed_all_over(const struct line *line)
{
    return line->passed_over && line->count == 0;
}

static int is_wanted(const struct line *line, struct db *db, const char *adapter, time_t now,
                     struct err *err)
{
    time_t due;
    int rc;

    if (line->read_at == now && (line->left > 0 || has_passed_all_over(line)))
        return 0;
    rc = claims_next_due(db, adapter, &due, err);
    return rc == 1 ? due <= now : rc;
}

int line_read(struct line *line, struct db *db, const char *adapter, const struct hosts *hosts,
              time_t now, struct err *err)
{
    struct reading r = {line, hosts, now, 0, NEAR_ROWS};
    int rc = is_wanted(line, db, adapter, now, err);

    if (rc <= 0)
        return rc;
    if (!line->list) {
        line->list = calloc(IN_LINE_MAX, sizeof *line->list);
        if (!line->list)
            return err_memory(err);
    }
    line->count = line->left = line->late_count = 0;
    line->passed_over = false;
    line->read_at = now;
    if (reads_far(line, now)) {
        r.rows_max = ROWS_MAX;
        line->far_at = now;
        line->far_helps = false;
    }
    return claims_end_leases(db, adapter, now, err) < 0
               ? -1
               : claims_due(db, adapter, now, see, &r, err);
}

void line_release(struct line *line)
{
    free(line->list);
    *line = (struct line){0};
}

int line_next(const struct line *line, struct db *db, const char *adapter, time_t *out,
              struct err *err)
{
    if (line->left > 0 || has_passed_all_over(line)) {
        *out = line->read_at + 1;
        return 1;
    }
    return claims_next_due(db, adapter, out, err);
}
