<?php // Closes a bill with cash, unless a wallet payment of it may still be paid.
declare(strict_types=1);

require __DIR__ . '/../start.php';

need_post();
$person = person();
$bill = asked_bill($person);
if ($bill['total'] === 0) {
    refuse(409, 'This bill has no lines.');
}
$refusal = take_cash($bill, $person['name']);
$is_closed = bill($bill['ref'])['payment'] !== null;
go($is_closed ? '/receipt.php' : '/pay.php', ['ref' => $bill['ref']], $refusal);
