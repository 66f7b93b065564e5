-- Nothing is allowed or refused that was not before. SQLite makes a table on the side for `x IN (…)` of more than two
-- values, each time that a statement runs, and drops it again: eight of them took most of a claim's time. Comparisons one by
-- one need none. Only the text of CHECKs changes, which is written nowhere else in the file, so this is the short way of
-- https://www.sqlite.org/lang_altertable.html#otheralter.

PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
    'leg_1_state IN (''armed'', ''fired'', ''failed'', ''dropped'')',
    'leg_1_state = ''armed'' OR leg_1_state = ''fired'' OR leg_1_state = ''failed'' OR leg_1_state = ''dropped'''),
    'leg_2_state IN (''armed'', ''fired'', ''failed'', ''dropped'')',
    'leg_2_state = ''armed'' OR leg_2_state = ''fired'' OR leg_2_state = ''failed'' OR leg_2_state = ''dropped'''),
    'status IN
    (''active'', ''firing'', ''triggered'', ''failed'', ''cancelled'', ''expired'', ''needs_attention'')',
    'status = ''active'' OR status = ''firing'' OR status = ''triggered'' OR status = ''failed''
    OR status = ''cancelled'' OR status = ''expired'' OR status = ''needs_attention''')
  WHERE type = 'table' AND name = 'hmt_gtt_orders';

UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
    'order_type IN (''MARKET'', ''LIMIT'', ''SL'', ''SL-M'')',
    'order_type = ''MARKET'' OR order_type = ''LIMIT'' OR order_type = ''SL'' OR order_type = ''SL-M'''),
    'product_type IN (''CNC'', ''NRML'', ''MIS'', ''MTF'')',
    'product_type = ''CNC'' OR product_type = ''NRML'' OR product_type = ''MIS'' OR product_type = ''MTF'''),
    'state IN
    (''queued'', ''forwarded'', ''withdrawn'', ''not_placed'', ''refused'', ''unknown'', ''placed'', ''absent'')',
    'state = ''queued'' OR state = ''forwarded'' OR state = ''withdrawn'' OR state = ''not_placed''
    OR state = ''refused'' OR state = ''unknown'' OR state = ''placed'' OR state = ''absent''')
  WHERE type = 'table' AND name = 'hmt_order_attempts';

UPDATE sqlite_schema SET sql = replace(sql,
    'severity IN (''info'', ''warning'', ''alarm'')',
    'severity = ''info'' OR severity = ''warning'' OR severity = ''alarm''')
  WHERE type = 'table' AND name = 'hmt_audit';

PRAGMA writable_schema = RESET;
