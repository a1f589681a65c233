<?php // Ends the session, and every token of this till. A payment in progress goes on at the backend.
declare(strict_types=1);

require __DIR__ . '/../start.php';

need_post();
kaunter('POST', '/v1/terminals/revoke', ['terminal' => person()['till']]);
session_destroy();
go('/sign-in.php');
