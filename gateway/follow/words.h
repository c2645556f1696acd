/* gateway/follow/words.h - the store's codes as sentences that a council officer understands: what
 * explain, plan and review show, and later the console. Pure; nothing personal.
 *
 * Sentences have no full stop at the end unless they are more than one.
 */
#ifndef FOLLOW_WORDS_H
#define FOLLOW_WORDS_H

#include <time.h>

#include "base/buf.h"
#include "base/date.h"
#include "match/match.h"
#include "plan/plan.h"
#include "store/incidents.h"
#include "store/notices.h"

enum { WORDS_MOMENT_SIZE = 64 };

/* "Monday 16 March 2026 at 07:30", London; "never" for -1. Returns out. */
const char *words_moment(time_t t, char out[WORDS_MOMENT_SIZE]);
/* "Mon 16 Mar 07:30", for columns; "-" for -1. */
const char *words_moment_short(time_t t, char out[WORDS_MOMENT_SIZE]);
/* "9 March 2017"; "unknown" for DAY_NONE. */
const char *words_day(day_t d, char out[WORDS_MOMENT_SIZE]);
/* "3 h 20 min", "4 days": a length of time, roughly. */
const char *words_span(int64_t seconds, char out[WORDS_MOMENT_SIZE]);

const char *words_child_state(enum child_state state); /* what it means that a child stands there */
const char *words_notice_state(enum notice_state state);
const char *words_outcome(enum match_outcome outcome); /* what the decision leads to */
const char *words_decided_by(const char *made_by);     /* "the gateway", or who */
const char *words_basis(enum basis basis);
const char *words_kind(enum notice_kind kind);
const char *words_desk_reason(enum desk_reason reason);       /* why a desk and no establishment */
const char *words_desk_reason_short(enum desk_reason reason); /* for a column */
const char *words_role(const char *role);                     /* of contact.role, spelt out */
const char *words_adapter(const char *adapter);               /* "by e-mail" */
const char *words_item_state(const char *state);
const char *words_verdict(const char *verdict);
const char *words_namespace(const char *namespace); /* "school", "children's centre", … */

/* Which rule set the time, in sentences with their dates; and when it was planned, if that was later. */
void words_rule(const char *rule, time_t accepted_at, time_t planned_at, time_t due_at,
                struct buf *out);
/* The same without dates, for a column. */
const char *words_rule_short(const char *rule);

/* "SMTP reply 250", "HTTP status 503", "no reply". */
void words_code(const char *adapter, int64_t code, struct buf *out);

void words_sure(double score, struct buf *out); /* "98 % sure", of log2 odds (match/match.h) */

/* A candidate's evidence (JSON of field, level, weight): what speaks for it, then what against, each
 * with how much, then what is not known; "; " between them, and nowhere else. */
void words_evidence(const char *json, struct buf *out);
/* What the numbers of evidence are, for below it. */
#define WORDS_OF_EVIDENCE                                                                           \
    "Each +1 doubles the odds that the pupil is the child, each -1 halves them; together they make" \
    " how sure it is."

#endif
