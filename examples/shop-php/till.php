<?php // What the till's page calls. $ref is a bill's number.
ini_set('display_errors', '0'); // the page reads JSON: PHP's warnings go to the log
session_start();
if (empty($_SESSION['cashier'])) { http_response_code(403); exit; }
// 'demo': your shop's name, as in the backend's configuration. Your sign-in sets the cashier and the device's name.
$till = ['shop' => 'demo', 'terminal' => $_SESSION['terminal'], 'cashier' => $_SESSION['cashier']];
session_write_close(); // the cashier's next request does not wait for this one
require 'kaunter.php';
require 'bills.php'; // yours: owed(string $ref): ?int is what a bill asks for, in sen; null where there is no such bill
$asked = $_SERVER['REQUEST_METHOD'] === 'POST' ? json_decode(file_get_contents('php://input'), true) : $_GET;
$ref = isset($asked['ref']) ? (string) $asked['ref'] : null;
$minor = $ref === null ? null : owed($ref);
if ($_SERVER['REQUEST_METHOD'] === 'GET') { // the till says "paid": check it at the backend, with the bill's amount
    exit(json_encode($minor !== null && (sale($ref, $minor)['closes_bill'] ?? null) === true));
}
$none = fn() => kaunter('POST', '/v1/terminal-tokens', $till + ['rights' => ['cancel']]); // no bill: it charges nothing
$made = $minor === null ? $none() : token($till, ['charge', 'cancel'], $ref, $minor);
if (!isset($made['token'])) { http_response_code(502); $made = ['error' => $made['code'] ?? 'backend_unreachable']; }
echo json_encode($made);
