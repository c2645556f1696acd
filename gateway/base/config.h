/* gateway/base/config.h - encompass.conf: INI, and tables that say what may stand in it.
 *
 *   [adapter "email"]
 *   host = mail.example.org
 *
 * An unknown section or key, a key given twice, or a value that is not of its kind refuses the
 * file, with its line. Secrets stand in files of their own, named here (CONFIG_SECRET); a relative
 * name is looked for beside the configuration. Where $CREDENTIALS_DIRECTORY (systemd.exec(5)) has a
 * file of that name, it is that one.
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/personal.h"

enum config_kind {
    CONFIG_TEXT,
    CONFIG_INT,     /* least..most */
    CONFIG_BOOL,    /* yes or no */
    CONFIG_PATH,    /* a file or folder; relative to the configuration's folder */
    CONFIG_SECRET,  /* the same; a systemd credential of the file's name goes before it */
    CONFIG_SECONDS, /* 90, 90s, 15m, 2h; least..most in seconds */
    CONFIG_TIME,    /* hh:mm, in seconds of the day */
    CONFIG_CHOICE,  /* one of choices, '|' between */
};

struct config_key {
    const char *name;
    enum config_kind kind;
    const char *otherwise; /* the value when the file has none; NULL: absent */
    int64_t least, most;
    const char *choices;
    const char *help; /* a line for the manual and the example file */
};

/* name as in the file, without brackets: store, or adapter "email"; receiver "*" stands for as many
 * sections as there are names to put in the star's place. keys ends in a NULL name. */
struct config_section {
    const char *name;
    const struct config_key *keys;
};

struct config;

/* Reads the file. sections ends in a NULL name; it and its tables are borrowed for the life of
 * *out. Every mistake is in err's text, "FILE:LINE: …", the first eight of them. */
int config_load(const char *path, const struct config_section *sections, struct config **out,
                struct err *err) MUST_CHECK;
void config_free(struct config *config); /* NULL is allowed */

/* One more owner: it lasts until each of them has called config_free. Returns config. */
struct config *config_share(struct config *config);

/* Whether two that were read by the same tables say the same in that section, defaults and all. Files
 * that it names are not looked into. */
bool config_same(const struct config *a, const struct config *b, const char *section);

const char *config_file(const struct config *config); /* the path it was read from */

/* Whether the file has a key of that section. */
bool config_has(const struct config *config, const char *section);

/* The nth section, from 0 and in the file's order, of a family such as receiver "*": its whole name,
 * borrowed; NULL: there are no more. */
const char *config_nth(const struct config *config, const char *family, size_t nth);

/* -1 with ERR_CONFIG, "FILE:LINE: [section] key what"; without a line where the file has no such
 * key. */
int config_wrong(const struct config *config, const char *section, const char *key,
                 const char *what, struct err *err);

/* The value or its default. A section or key that is in no table is a bug of ours (assert). Text
 * and path: NULL when absent; a path is made absolute or relative to the working folder. */
const char *config_text(const struct config *config, const char *section, const char *key);
int64_t config_int(const struct config *config, const char *section, const char *key);
bool config_bool(const struct config *config, const char *section, const char *key);

/* The first line of the file that a CONFIG_SECRET key names, without its end. 1, 0 when the key is
 * absent, -1 with ERR_CONFIG that names key and file. */
int config_secret(const struct config *config, const char *section, const char *key,
                  struct personal *out, struct err *err) MUST_CHECK;

#endif
