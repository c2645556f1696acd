/* adapters/mail_lanes.h - SMTP transfers, each on one of a few lanes: a thread that stays, a curl handle
 * of its own, and the one connection that this keeps.
 *
 *   free ──take──▶ taken ──run──▶ runs ──▶ over ──next_over──▶ read ──end──▶ free
 *
 * libcurl up to 7.88 and beyond waits for the reply to a mail's content inside curl_multi_perform
 * (lib/smtp.c, smtp_done): ten mails to a server that takes half a second for each took five seconds,
 * with nothing else done meanwhile. So a transfer runs by curl_easy_perform in its lane's thread.
 *
 * All of this is called by one thread. A lane's handle is that thread's too, but for the time from run
 * until the lane is over, when it and all that it points to is the lane's.
 */
#ifndef ADAPTERS_MAIL_LANES_H
#define ADAPTERS_MAIL_LANES_H

#include <curl/curl.h>

#include "base/err.h"

struct mail_lanes;
struct mail_lane;

struct mail_lanes *mail_lanes_new(struct err *err) MUST_CHECK;

/* Whatever still runs is given up; each lane takes its leave of its server. NULL is allowed. */
void mail_lanes_free(struct mail_lanes *lanes);

/* Who is woken (curl_multi_wakeup) when a lane is over, once until next_over has told of all; NULL:
 * nobody. */
void mail_lanes_wake(struct mail_lanes *lanes, CURLM *multi);

/* A free lane, best one whose last transfer went to the same place, and else a new one. NULL: no thread
 * is to be had. Then run, or end. */
struct mail_lane *mail_lanes_take(struct mail_lanes *lanes, const void *to,
                                  struct err *err) MUST_CHECK;

/* The handle with which the last transfer was made, NULL none; and the one for the next. */
CURL *mail_lane_handle(struct mail_lane *lane);
void mail_lane_set_handle(struct mail_lane *lane, CURL *handle);

/* Runs the transfer that the handle has been set up for, for at most so long: not even a leave is taken
 * beyond. Its progress function is ours. */
void mail_lane_run(struct mail_lane *lane, long timeout_seconds, void *work);

/* The work of a lane that is over and was not told yet; NULL: none. */
void *mail_lanes_next_over(struct mail_lanes *lanes);

/* Waits until the lane is over, and says how it ended. */
CURLcode mail_lane_wait(struct mail_lane *lane);

/* Everything under way is given up, within about a second, and all that comes after: we are leaving. */
void mail_lanes_stop(struct mail_lanes *lanes);

/* The lane is free again; its handle forgets all but its connection. */
void mail_lane_end(struct mail_lane *lane);

#endif
