<?php // Keys come from the environment. Never send the server key to a browser.
session_start();
if (empty($_SESSION['cashier'])) { http_response_code(403); exit; }
$till = ['shop' => 'demo', 'terminal' => $_SESSION['terminal'], 'cashier' => $_SESSION['cashier']];
session_write_close(); // the cashier's next request does not wait for this one
require 'bills.php'; // yours: owed(string $ref): ?int is what a bill asks for, in sen; null where there is no such bill
function kaunter(string $method, string $path, ?array $body = null): array {
    $http = ['method' => $method, 'ignore_errors' => true, 'timeout' => 10, 'follow_location' => 0,
        'header' => ['Authorization: Bearer ' . getenv('KAUNTER_SERVER_KEY'), 'Content-Type: application/json'],
        'content' => $body === null ? '' : json_encode($body)];
    $answer = file_get_contents(getenv('KAUNTER_BACKEND') . $path, false, stream_context_create(['http' => $http]));
    return json_decode($answer ?: '{}', true) ?? [];
}
$asked = $_SERVER['REQUEST_METHOD'] === 'POST' ? json_decode(file_get_contents('php://input'), true) : $_GET;
$ref = isset($asked['ref']) ? (string) $asked['ref'] : null;
$minor = $ref === null ? null : owed($ref);
if ($_SERVER['REQUEST_METHOD'] === 'GET') { // the till says "paid": check it at the backend, with the bill's amount
    $sale = kaunter('GET', '/v1/sales?' . http_build_query(['ref' => $ref, 'minor' => $minor, 'currency' => 'MYR']));
    exit(json_encode($minor !== null && ($sale['closes_bill'] ?? null) === true));
}
$bill = ['ref' => $ref, 'amount' => ['minor' => $minor, 'currency' => 'MYR']];
if ($minor !== null) kaunter('PUT', '/v1/sales', $bill); // from now on, only your server changes the amount
$right = $minor === null ? ['rights' => ['cancel']] : ['rights' => ['charge', 'cancel'], 'sale' => $bill];
echo json_encode(kaunter('POST', '/v1/terminal-tokens', $till + $right)); // {"token": "...", "expires_at": "..."}
