/* gateway/intake/incident.h - a call-out as the police publish it, version 1.
 *
 * The contract in C: config/incident.schema.json says the same in JSON Schema. A value made here
 * has been checked whole; nothing later checks it again. Absent texts are absent personals, absent
 * references are "", absent dates DAY_NONE, absent numbers -1.
 *
 * A message is refused for what cannot be understood or is dangerous, never for evidence that is
 * merely poor: a refused call-out is a child that nobody is told about until a person looks.
 *   taken    a mistyped UPN or claimed school number; an age at odds with the birth date; texts,
 *            dates and words left blank (they are absent); line breaks and tabs in circumstances
 *            and voice; characters newer than our Unicode, and joiners that some scripts need; a
 *            clock up to a day ahead
 *   refused  control characters, and those that reorder or hide text (U+202A-202E, U+2066-2069,
 *            U+FEFF, noncharacters); text that is not NFC; dates that do not exist; a birth after
 *            the incident or more than 25 years before it; an attended_at of before 2000 or more
 *            than a day ahead; a sent_at more than ten minutes before attended_at; numbers not
 *            written as whole ones; members that the contract does not know, or that are there
 *            twice; a do_not_tell that cannot be read as it was meant
 */
#ifndef INTAKE_INCIDENT_H
#define INTAKE_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/date.h"
#include "base/err.h"
#include "base/personal.h"
#include "intake/problems.h"

enum {
    INCIDENT_BYTES_MAX = 64 * 1024,
    INCIDENT_DEPTH_MAX = 8,
    INCIDENT_CHILDREN_MAX = 20,
    INCIDENT_NAMES_MAX = 10, /* known_as, former_surnames */
    INCIDENT_DO_NOT_TELL_MAX = 20,
    INCIDENT_REFERRALS_MAX = 10,
    FORCE_SIZE = 65, /* with the NUL, as all sizes */
    POLICE_REF_SIZE = 65,
    CHILD_REF_SIZE = 33,
    URN_SIZE = 17,
    CODE_SIZE = 33,
};

enum incident_type { INCIDENT_DOMESTIC_ABUSE, INCIDENT_MISSING, INCIDENT_MISSING_FOUND };
enum incident_action { INCIDENT_NOTIFY, INCIDENT_WITHDRAW };
enum incident_risk { RISK_UNKNOWN, RISK_STANDARD, RISK_MEDIUM, RISK_HIGH };
enum incident_present { PRESENT_UNKNOWN, PRESENT_PRESENT, PRESENT_HEARD, PRESENT_NOT };
enum incident_sex { SEX_UNKNOWN, SEX_FEMALE, SEX_MALE };

struct incident_place {
    struct personal address;
    struct personal postcode; /* as written */
    bool is_protected;        /* never to leave: strips every location */
};

struct incident_child {
    char child_ref[CHILD_REF_SIZE]; /* the police's number for it within the incident */
    struct personal forename, middle_names, surname;
    struct personal known_as[INCIDENT_NAMES_MAX];
    size_t known_as_count;
    struct personal former_surnames[INCIDENT_NAMES_MAX];
    size_t former_surnames_count;
    day_t date_of_birth;
    int age; /* whole years on the day of the incident, -1 unknown */
    enum incident_sex sex;
    struct personal upn;
    struct incident_place home;
    struct personal claimed_name; /* the school, as somebody said it */
    char claimed_school_urn[URN_SIZE];
    struct personal relationship;
    enum incident_present present;
    struct personal voice_text, voice_with;
    int voice_spoken_to; /* 1, 0, -1 not said */
};

struct incident_do_not_tell {
    char role[CODE_SIZE];      /* dsl, deputy, la_desk, health_visitor; "" any role */
    char school_urn[URN_SIZE]; /* "" every establishment */
    struct personal contact;   /* an address that must not be told; absent: any */
    struct personal reason;
};

struct incident {
    char force[FORCE_SIZE]; /* data.police.uk id */
    char police_ref[POLICE_REF_SIZE];
    int64_t revision; /* 1.. */
    enum incident_type type;
    enum incident_action action;
    time_t attended_at;
    time_t sent_at; /* -1 not said */
    struct incident_place location;
    enum incident_risk risk;
    struct personal circumstances;
    struct incident_child *children;
    size_t children_count;
    struct incident_do_not_tell *do_not_tell;
    size_t do_not_tell_count;
    char withhold_reason[CODE_SIZE]; /* "" not withheld */
    struct personal withhold_authorised_by;
    char referrals[INCIDENT_REFERRALS_MAX][CODE_SIZE];
    size_t referrals_count;
    struct personal officer_contact;
    unsigned others; /* who share it */
};

/* Reads and checks one message. 0: either *out is an incident of the caller's (incident_free) and
 * problems is empty, or *out is NULL and problems says why, all of it. -1: we failed (memory), not
 * the message. topic_force is the topic's force, which must equal the payload's; NULL skips that.
 * received_at bounds what can have happened. problems is initialised and empty. What can be told
 * of the message's identity, refused or not, stands in *ident, for its receipt; its force is the
 * topic's when there is one, for the broker vouches for that. */
struct incident_ident {
    char force[FORCE_SIZE];           /* "" when unusable */
    char police_ref[POLICE_REF_SIZE]; /* "" when unusable */
    int64_t revision;                 /* -1 when unusable */
};
int incident_parse(const char *json, size_t length, const char *topic_force, time_t received_at,
                   struct incident **out, struct incident_ident *ident, struct problems *problems,
                   struct err *err) MUST_CHECK;

/* One more owner: each frees it, and none changes it. Returns the incident. */
struct incident *incident_share(struct incident *incident);

void incident_free(struct incident *incident); /* NULL is allowed */

/* One protected address protects the family: siblings live together, or used to. */
bool incident_is_protected(const struct incident *incident);

/* The police graded the risk to the adult as high, or a child is missing. */
bool incident_is_urgent(const struct incident *incident);

/* The contract's words. */
const char *incident_type_word(enum incident_type type);
const char *incident_action_word(enum incident_action action);
const char *incident_risk_word(enum incident_risk risk);
const char *incident_present_word(enum incident_present present);

/* A force's id as data.police.uk writes them: [a-z][a-z0-9-]*, at most 64. */
bool incident_force_is_valid(const char *force);
bool incident_police_ref_is_valid(const char *police_ref);

/* Whether that code is among the referrals, in whatever case it is written. */
bool incident_is_referred(const struct incident *incident, const char *code);

#endif
