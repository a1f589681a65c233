<?php // Mints the token of the payment page, for one bill.
declare(strict_types=1);

require __DIR__ . '/../start.php';

need_post();
$person = person();
$bill = asked_bill($person);
session_write_close(); // the cashier's next request does not wait for this one
$minted = $bill['total'] > 0 ? token_for($bill, $person) : null;
if ($minted === null) {
    refuse(409, 'This bill takes no wallet payment.');
}
header('Content-Type: application/json');
echo json_encode($minted);
