/* What a check has sent as tables without borders: `check NAME --table`. */
#ifndef RG_CHECK_TABLE_H
#define RG_CHECK_TABLE_H

#include "json_doc.h"

/* items is borrowed: series as the v1 intake takes them. One row per point. */
void check_table_series(struct text_out *t, jv items);
void check_table_service_checks(struct text_out *t, jv items);

#endif
