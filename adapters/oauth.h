/* adapters/oauth.h - OAuth 2 client credentials (RFC 6749 4.4): one token a client, fetched when a
 * message needs it, kept until shortly before it ends, fetched anew when a server has refused it.
 *
 * A secret that is refused (invalid_client, and every other 4xx but 408 and 429) is the client's
 * trouble and stays until somebody mends it; all else is worth another try.
 */
#ifndef ADAPTERS_OAUTH_H
#define ADAPTERS_OAUTH_H

#include "adapters/adapter.h"
#include "base/buf.h"

struct oauth;

/* Keys of a section that can have a login of this kind. */
#define OAUTH_KEYS                                                                                 \
    {.name = "token_url",                                                                          \
     .kind = CONFIG_TEXT,                                                                          \
     .help = "OAuth 2 client credentials: where tokens come from, by https"},                      \
        {.name = "client_id", .kind = CONFIG_TEXT, .help = "our name there"},                      \
        {.name = "client_secret_file",                                                             \
         .kind = CONFIG_SECRET,                                                                    \
         .help = "its first line is the secret"},                                                  \
        {.name = "scope", .kind = CONFIG_TEXT, .help = "what the token is asked to be good for"},  \
    {                                                                                              \
        .name = "client_auth", .kind = CONFIG_CHOICE, .otherwise = "basic",                        \
        .choices = "basic|post",                                                                   \
        .help = "how the secret is handed over: in the header or the body"                         \
    }

/* *out is NULL when the section names no token_url; else for oauth_free. ca_file: who may vouch for
 * the token's server, borrowed, NULL the system's. */
int oauth_new(const struct config *conf, const char *section, const char *ca_file,
              struct oauth **out, struct err *err) MUST_CHECK;
void oauth_free(struct oauth *o); /* NULL is allowed */

const char *oauth_url(const struct oauth *o); /* where tokens come from */

/* The token and its number, or NULL: it has to be fetched first. Borrowed until the next fetch. */
const char *oauth_token(const struct oauth *o, unsigned *number);

/* A server has answered 401 to the token of that number: it is not used again. */
void oauth_refused(struct oauth *o, unsigned number);

/* A transfer that fetches a token; its body goes to answer, which lasts as long. NULL: see err. */
CURL *oauth_fetch(const struct oauth *o, struct buf *answer, long timeout_ms,
                  struct err *err) MUST_CHECK;

/* Its end: true when there is a token now. The transfer stays the caller's. */
bool oauth_take(struct oauth *o, CURL *transfer, CURLcode how, const struct buf *answer);

/* Why there is none: outcome's code, detail and retry_after. */
enum verdict oauth_judge(CURL *transfer, CURLcode how, const struct buf *answer,
                         struct outcome *outcome);

#endif
