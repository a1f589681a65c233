<?php // The payment page says that something ended. What that was, only the backend is believed.
declare(strict_types=1);

require __DIR__ . '/../start.php';

need_post();
$person = person();
[$bill] = settle(asked_bill($person), $person['name']);
header('Content-Type: application/json');
echo json_encode(['state' => $bill['state']]);
