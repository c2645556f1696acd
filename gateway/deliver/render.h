/* gateway/deliver/render.h - a notice in words: Mustache templates with values. Pure once loaded.
 *
 * templates/<wording>/<language>/<kind>.{subject,txt,html} where kind is notice, desk, correction,
 * withdrawal or reminder; minimal in their place; and warning and exercise, which are no notices (store/bulletins.h).
 * frame.{txt,html} beside them stands around the words of every kind but the exercise: what is
 * above and below its line {{words}}; {{subject}} is the kind's own. A wording that has only a frame
 * puts it round standard's words, one that has only words takes standard's frame. Values
 * for a template are a JSON object; what a field policy leaves out is not in it, so no template can
 * say more than the policy allows. The webhook's body is that same object.
 *
 * A desk's task is to find the child's school, which a name alone does not do. So under any policy
 * its notice also says the date of birth and age, the school as it was said to the police, whether
 * an address is protected, and where none is, the outward half of the home's postcode ("PL4") and
 * the school on the roll with its public number.
 */
#ifndef DELIVER_RENDER_H
#define DELIVER_RENDER_H

#include "base/err.h"
#include "base/personal.h"
#include "deliver/message.h"
#include "intake/incident.h"
#include "plan/plan.h"
#include "plan/repeat.h"
#include "store/notices.h"
#include "store/places.h"

struct templates;

/* Reads and parses every template below folder. Refused, naming file and line: a missing file of
 * standard/en, a language of standard without a frame, a frame without its line {{words}}, a syntax error, a name that is no value, a tag that would leave HTML unescaped or
 * draw in another file, a subject that uses any value but the reference. */
int templates_load(const char *folder, struct templates **out, struct err *err) MUST_CHECK;
void templates_free(struct templates *t); /* NULL is allowed */

/* What our own records add about one child. */
struct render_known {
    bool repeats_counted;
    struct repeat repeats;
    const struct roll_place *places; /* where it is on roll: for a desk */
    size_t places_count;
};

/* What the words are made from. Names of pupils as on the roll are not used: a notice says what the
 * police said, and which child of the roll it was matched to is the school's own knowledge. */
struct render_input {
    const struct notice_row *notice;
    const struct incident *incident;
    const size_t *children; /* indices into incident->children */
    size_t children_count;
    const struct render_known *known; /* as children, one each; NULL nothing is */
    enum policy_fields fields;
    const char *wording;
    const char *language;
    const char *establishment; /* its name, or the desk's */
    const char *authority;     /* the home authority's name, or "" */
    bool reminder;             /* of a notice that was told, under its reference */
    bool amends_task;          /* a correction or withdrawal of a desk's task */
    const char *amends;        /* a correction's or withdrawal's: the reference of what was told */
    const char *link;          /* to answer by, with a token of its own; NULL none */
    unsigned parts;            /* to be made: MESSAGE_... of message.h; 0: all */
    bool partly;  /* a withdrawal of some of the children of the notice: it stands for others */
    bool unnamed; /* a withdrawal from the wrong door says which message, and no name again */
};

struct rendered {     /* what was not asked for is absent */
    char language[3]; /* the one that it came out in */
    char *subject;
    struct personal text, html, json;
};

/* The wording in the language asked for, else the wording in English, else standard in either.
 * *out is for rendered_release, on success only. */
int render_notice(const struct templates *t, const struct render_input *in, struct rendered *out,
                  struct err *err) MUST_CHECK;
/* An invented call-out as an exercise (in->notice->kind: what it would be), with the real wording
 * and yet no notice: the subject is the exercise's own; the text begins with the exercise's banner,
 * and so does the body of the page; the webhook's body is of kind exercise. Templates of kind
 * exercise are held to begin with EXERCISE or YMARFER. */
int render_exercise(const struct templates *t, const struct render_input *in, struct rendered *out,
                    struct err *err) MUST_CHECK;

/* A warning to a desk. It names no child and knows none. */
struct render_warning {
    const char *reference;
    const char *kind; /* store/warnings.h: feed-quiet, … */
    const struct door *door;
    const char *name; /* of the door */
    time_t since;
    const char *wording;
    const char *language;
};
int render_warning(const struct templates *t, const struct render_warning *in, struct rendered *out,
                   struct err *err) MUST_CHECK;

/* In place of any notice, where names may not travel: it says that one waits, and where. */
struct render_minimal {
    const char *reference;
    const char *link; /* the reference goes behind it */
    const char *wording;
    const char *language;
};
int render_minimal(const struct templates *t, const struct render_minimal *in, struct rendered *out,
                   struct err *err) MUST_CHECK;

void rendered_release(struct rendered *r);

#endif
