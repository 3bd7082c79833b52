/* Finds secrets by their form in any text: tokens with a known prefix, keys next to a telling name,
 * passwords in URLs, PEM blocks, and values of sensitive names in command lines, YAML, JSON and log
 * lines. Works on bytes and knows no locale; the effort is linear in the text. */
#ifndef RG_SECRET_FORMS_H
#define RG_SECRET_FORMS_H

#include "rg/scrub/scrub.h"

struct rg_secret_forms; /* used by one task at a time */

#define RG_SECRET_RULES_VERSION 1                  /* raised when a rule is added or changed */
#define RG_SECRET_TEXT_MAX      ((size_t)64 << 20) /* bytes searched: a whole HTTP body */

/*   RG_OK      *out is owned: rg_secret_forms_destroy
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_secret_forms_create(
    struct rg_secret_forms **out, struct rg_err *err);
void rg_secret_forms_destroy(struct rg_secret_forms *forms); /* NULL is fine */

/* Where the secrets of text are, replacing what out held. Quotes, key names and the lines that open
 * and close a PEM block are not part of a span; the prefix of a token is. A text that cannot be
 * searched within the limits above gives one span behind the first white space.
 *   RG_ENOMEM  out is empty */
RG_NODISCARD enum rg_status rg_secret_forms_find(struct rg_secret_forms *forms, struct rg_str text,
    struct rg_scrub_spans *out, struct rg_err *err);

/* True when a value is secret because of its name, as in NAME=value: the name holds password,
 * passwd, passphrase, pwd, secret, token, api_key, app_key, application_key, access_key,
 * private_key or credential in any case, and is not about the secret (token_file, secretName,
 * password_length). Values that say nothing are not secret: true, null, a short number, a template
 * such as %%env_X%% or ENC[x], an absolute path below a usual top folder. */
bool rg_secret_named(struct rg_str name, struct rg_str value);

#endif
