<?php // What the backend says about a bill, and cash beside a wallet payment.
declare(strict_types=1);

require __DIR__ . '/../shop-php/kaunter.php';

// Every backend process refuses a revoked token after this long.
const REVOKED_AFTER_S = 2;

/** Asks the backend how the sale of a bill stands, and writes down what it says: its word closes the bill. */
function settle(array $bill, string $cashier): array
{
    if ($bill['wallet_at'] === null) {
        return [$bill, []];
    }
    $sale = sale($bill['ref'], $bill['total']);
    $trades = array_column($sale['trades'] ?? [], null, 'status');
    $closes = $sale['closes_bill'] ?? null;
    $by_wallet = ($bill['payment']['tender'] ?? null) === 'wallet';
    if ($closes === true) {
        close_bill($bill, 'wallet', $cashier, "state IN ('open', 'leaving')", $trades['paid']['gateway_ref'] ?? null);
    } elseif ($closes === false && $by_wallet && isset($trades['voided'])) {
        move($bill['ref'], 'paid', 'refunded');
    }
    return [bill($bill['ref']), $sale];
}

function last_trade(array $sale): ?array
{
    $trades = $sale['trades'] ?? [];
    return $trades === [] ? null : $trades[array_key_last($trades)];
}

/** Mints a token for a bill at its till. Null where the bill takes no wallet payment. */
function token_for(array $bill, array $person): ?array
{
    $rights = $person['rights'];
    if (open_for_wallet($bill['ref'])) {
        $state = 'open';
    } elseif ($bill['payment'] !== null) {
        $state = $bill['state'];
        $rights = array_values(array_diff($rights, ['charge'])); // what is left is to look, and to refund
    } else {
        return null;
    }
    $till = ['shop' => 'demo', 'terminal' => $person['till'], 'cashier' => $person['name']];
    $total = bill($bill['ref'])['total']; // read again: from now on no line can be added
    $minted = token($till, $rights, $bill['ref'], $total);
    // Cash may have been chosen meanwhile, and its revocation came before this token: nobody gets it.
    return bill($bill['ref'])['state'] === $state ? $minted : null;
}

/** Books cash. Null where it is booked, else the sentence for the cashier. */
function take_cash(array $bill, string $cashier): ?string
{
    // No token was minted, and from now on none will be: no till can collect this bill.
    if (close_bill($bill, 'cash', $cashier, "state = 'open' AND wallet_at IS NULL")) {
        return null;
    }
    [$bill, $sale] = settle($bill, $cashier);
    if (in_array($bill['state'], ['paid', 'refunded'], true)) {
        return 'This bill was paid before. Take no cash.';
    }
    $left = false;
    if (($sale['trades'] ?? null) === []) {
        $left = move($bill['ref'], 'open', 'leaving');
        $sale = sale_without_tokens($bill);
    }
    $given_up = ($sale['given_up']['tender'] ?? null) === 'cash';
    $untouched = ($sale['trades'] ?? null) === [];
    if ($given_up || $untouched) {
        $state = $given_up ? "state IN ('open', 'leaving')" : "state = 'leaving'";
        return close_bill($bill, 'cash', $cashier, $state) ? null : 'This bill was changed in another window.';
    }
    if ($left || last_trade($sale) !== null) {
        move($bill['ref'], 'leaving', 'open');
    }
    return isset($sale['trades'])
        ? 'A wallet payment is open. Take no cash before "Paid in cash instead" has ended it.'
        : 'The backend does not answer. Take no cash: a wallet payment may be open.';
}

/** No trade began, but a till may hold a token: ends it, so that none begins, and asks again. */
function sale_without_tokens(array $bill): array
{
    $revoked = kaunter('POST', '/v1/terminals/revoke', ['terminal' => $bill['till']]);
    if (!isset($revoked['terminal'])) {
        return [];
    }
    sleep(REVOKED_AFTER_S);
    return sale($bill['ref'], $bill['total']);
}
