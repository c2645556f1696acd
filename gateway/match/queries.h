/* gateway/match/queries.h - many call-outs decided at once from a file, for evaluation and drills.
 *
 * queries.csv has a row a child: query_id, call_date, forename, middle_names, surname, dob, age,
 * gender, address, postcode, school_said, and where known upn. decisions.csv gets a row for each:
 * query_id, decision, pupil_id, score, margin, candidates. Nothing is recorded in the store.
 */
#ifndef MATCH_QUERIES_H
#define MATCH_QUERIES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "match/match.h"
#include "store/db.h"

struct queries_result {
    size_t count, by_outcome[MATCH_MATCH + 1];
    int64_t total_us; /* microseconds that deciding took, reading and writing left out */
    int64_t p50_us, p95_us, p99_us; /* of one call-out */
    const char *const *unknown;     /* columns that were ignored; the reader's, see queries_free */
    size_t unknown_count;
    struct csv_file *csv;
};

/* Decides each row of the file. ERR_INVALID names file, line and column of the first value that is
 * none; *out is written in any case, for queries_release. progress may be NULL. */
int queries_run(struct db *db, const struct weights *weights, const char *path, FILE *decisions,
                void (*progress)(const char *what, size_t done, size_t total),
                struct queries_result *out, struct err *err) MUST_CHECK;
/* The file's children one by one; person is the visitor's until it returns, 0 or -1. */
typedef int (*queries_visit)(void *self, const char *query_id, struct person *person,
                             struct err *err);
int queries_each(const char *path, queries_visit visit, void *self,
                 void (*progress)(const char *what, size_t done, size_t total),
                 struct err *err) MUST_CHECK;

/* Weights from the file's call-outs (match/learn.h), in *weights those that it begins with. truth
 * is a file of query_id and true_pupil_ids, '|' between, "" for a child on no roll; NULL: learned
 * without. */
int queries_learn(struct db *db, const char *path, const char *truth, struct weights *weights,
                  void (*progress)(const char *what, size_t done, size_t total),
                  struct err *err) MUST_CHECK;

void queries_release(struct queries_result *result);

#endif
